// SPDX-License-Identifier: Apache-2.0

/// The page, as a Mustache template: a string, because a program that is linked statically finds no resource beside it.
/// Two braces stand for text that is escaped, three for the charts.
enum PageTemplate {
    static let text =
        "{{% CONTENT_TYPE:\(PageText.name)}}" + """
            <!DOCTYPE html>
            <html lang="{{language}}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <link rel="icon" href="data:,">
            <title>{{words.title}} · {{domain}}</title>
            <style>
            \(style)
            </style>
            </head>
            <body>
            <main>
            <header>
            <p class="kind">{{words.title}}</p>
            <h1>{{domain}}</h1>
            <p class="when-made">{{subtitle}}<span class="window">{{window}}</span></p>
            </header>

            <section class="summary">
            <div class="figures">
            <div><b>{{percent}}</b><span>{{words.complete}} · {{completed}} / {{ofAccounts}} {{words.accounts}}</span></div>
            <div><b>{{moved}}</b><span>{{words.messages}}</span></div>
            <div><b>{{volume}}</b><span>{{words.volume}}</span></div>
            <div><b>{{remaining}}</b><span>{{words.remaining}}</span></div>
            </div>
            <div class="bar-of-accounts" aria-hidden="true">{{#segments}}<i class="{{style}}" style="flex-grow:{{share}}"></i>{{/segments}}</div>
            <ul class="legend">{{#segments}}<li><i class="{{style}}"></i>{{legend}} <b>{{accounts}}</b></li>{{/segments}}</ul>
            </section>

            <section class="curve">
            <h2>{{words.byDay}}</h2>
            {{^empty(dayChart)}}{{{dayChart}}}<p class="note">{{words.byDayLegend}}</p>{{/empty(dayChart)}}
            {{#empty(dayChart)}}<p class="note">{{words.nothingMoved}}</p>{{/empty(dayChart)}}
            </section>
            {{^empty(hourChart)}}
            <section class="curve">
            <h2>{{words.byHour}}</h2>
            {{{hourChart}}}<p class="note">{{words.byHourLegend}}</p>
            </section>
            {{/empty(hourChart)}}

            {{^empty(tasks)}}
            <section>
            <h2>{{words.leftToDo}}</h2>
            <ol class="tasks">{{#tasks}}<li><b>{{accounts}}</b><i>{{legend}}</i><span>{{action}}</span></li>{{/tasks}}</ol>
            </section>
            {{/empty(tasks)}}

            {{^empty(failures)}}
            <section>
            <h2>{{words.failures}}</h2>
            <table>
            <thead><tr><th>{{words.reason}}</th><th class="number">{{words.count}}</th><th>{{words.whatToDo}}</th></tr></thead>
            <tbody>{{#failures}}<tr><td class="strong">{{heading}}</td><td class="number">{{accounts}}</td><td>{{action}}</td></tr>{{/failures}}</tbody>
            </table>
            </section>
            {{/empty(failures)}}

            {{^empty(waiting)}}
            <section>
            <h2>{{words.notStarted}}</h2>
            <table class="people">
            <thead><tr><th>{{words.name}}</th><th>{{words.address}}</th><th>{{words.why}}</th><th>{{words.lastAttempt}}</th></tr></thead>
            <tbody>{{#waiting}}<tr><td><bdi>{{name}}</bdi></td><td class="address">{{address}}</td><td>{{why}}</td><td>{{attempt}}</td></tr>{{/waiting}}</tbody>
            </table>
            <p class="note">{{moreWaiting}}</p>
            </section>
            {{/empty(waiting)}}
            {{^empty(waitingByReason)}}
            <section>
            <h2>{{words.notStarted}}</h2>
            <table>
            <thead><tr><th>{{words.why}}</th><th class="number">{{words.count}}</th></tr></thead>
            <tbody>{{#waitingByReason}}<tr><td>{{heading}}</td><td class="number">{{accounts}}</td></tr>{{/waitingByReason}}</tbody>
            </table>
            </section>
            {{/empty(waitingByReason)}}

            {{^empty(largest)}}
            <section>
            <h2>{{words.largest}}</h2>
            <table>
            <thead><tr><th>{{words.address}}</th><th class="number">{{words.messagesColumn}}</th><th class="number">{{words.size}}</th></tr></thead>
            <tbody>{{#largest}}<tr><td class="address">{{address}}</td><td class="number">{{moved}}</td><td class="number">{{size}}</td></tr>{{/largest}}</tbody>
            </table>
            </section>
            {{/empty(largest)}}

            <footer>{{footer}}</footer>
            </main>
            </body>
            </html>

            """

    private static let style = """
        :root { --ink: #1d2a35; --soft: #5d6b78; --faint: #8a96a1; --line: #e3e8ec; --paper: #fff; --ground: #f4f6f7;
          --accent: #2b6c8f; --completed: #3b8f72; --inProgress: #4f9ac4; --failed: #c4634b; --notStarted: #c3ccd3;
          --nonMigrating: #e2e7ea; }
        * { box-sizing: border-box; }
        html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
        body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.5; font-size: 15px;
          font-family: system-ui, -apple-system, "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei",
          "Noto Sans CJK SC", "Source Han Sans SC", sans-serif; }
        main { max-width: 880px; margin: 32px auto; padding: 44px 52px 32px; background: var(--paper);
          border: 1px solid var(--line); border-radius: 10px; }
        header { border-bottom: 1px solid var(--line); padding-bottom: 20px; }
        .kind { margin: 0; color: var(--accent); font-weight: 600; letter-spacing: .02em; }
        h1 { margin: 2px 0 6px; font-size: 32px; line-height: 1.2; font-weight: 650; overflow-wrap: anywhere; }
        .when-made { margin: 0; color: var(--soft); display: flex; flex-wrap: wrap; gap: 4px 16px;
          justify-content: space-between; }
        h2 { margin: 0 0 12px; font-size: 17px; font-weight: 650; }
        section { margin-top: 34px; }
        .figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 20px; }
        .figures b { display: block; font-size: 28px; line-height: 1.2; font-weight: 600;
          font-variant-numeric: tabular-nums; }
        .figures span { color: var(--soft); font-size: 13.5px; }
        .bar-of-accounts { display: flex; gap: 2px; height: 14px; margin-top: 24px; border-radius: 7px;
          overflow: hidden; }
        .bar-of-accounts i { min-width: 4px; flex-basis: 0; }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 12px 0 0; padding: 0; list-style: none;
          color: var(--soft); font-size: 13.5px; }
        .legend i { display: inline-block; width: 10px; height: 10px; margin-right: 7px; border-radius: 3px; }
        .legend b { color: var(--ink); font-weight: 600; }
        i.completed { background: var(--completed); } i.inProgress { background: var(--inProgress); }
        i.failed { background: var(--failed); } i.notStarted { background: var(--notStarted); }
        i.nonMigrating { background: var(--nonMigrating); }
        .tasks { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
        .tasks li { display: flex; gap: 12px; padding: 9px 0; border-bottom: 1px solid var(--line); }
        .tasks b { flex: 0 0 52px; text-align: right; font-weight: 600; font-variant-numeric: tabular-nums; }
        .tasks i { flex: 0 0 92px; color: var(--soft); font-style: normal; }
        svg { display: block; width: 100%; height: auto; font-size: 12px; }
        svg text { fill: var(--soft); font-variant-numeric: tabular-nums; }
        .scale { text-anchor: end; } .scale.right { text-anchor: start; } .when { text-anchor: middle; }
        .grid { stroke: var(--line); stroke-width: 1; } .axis { stroke: #b9c3cb; stroke-width: 1; }
        .bar { fill: #9cc3d8; } .sum { fill: none; stroke: var(--accent); stroke-width: 2.2; stroke-linejoin: round; }
        .end { fill: var(--accent); }
        .note { margin: 8px 0 0; color: var(--faint); font-size: 13px; }
        .note:empty { display: none; }
        table { width: 100%; border-collapse: collapse; font-size: 14px; }
        th { text-align: left; color: var(--soft); font-weight: 500; font-size: 13px; padding: 0 14px 7px 0;
          border-bottom: 1px solid #b9c3cb; }
        td { padding: 8px 14px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        th:last-child, td:last-child { padding-right: 0; }
        .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
        .strong { font-weight: 600; min-width: 11em; }
        td { overflow-wrap: anywhere; }
        .people .address { min-width: 14em; }
        footer { margin-top: 40px; padding-top: 14px; border-top: 1px solid var(--line); color: var(--faint);
          font-size: 13px; }
        @media (max-width: 640px) { main { margin: 0; padding: 24px 18px; border: 0; border-radius: 0; }
          .figures { grid-template-columns: repeat(2, 1fr); } }
        @page { size: A4; margin: 16mm 15mm; }
        @media print { body { background: none; font-size: 10.5pt; } main { max-width: none; margin: 0; padding: 0;
          border: 0; border-radius: 0; } .figures b { font-size: 20pt; } h1 { font-size: 24pt; }
          section { margin-top: 22pt; } .curve, .summary, tr, .tasks { break-inside: avoid; }
          h2 { break-after: avoid; } thead { display: table-header-group; } table { font-size: 9.5pt; } }
        """
}
