// SPDX-License-Identifier: Apache-2.0

import Vocabulary

extension SpecialUse {
    /// What a folder of this name is for, where no folder of the mailbox says so itself: names that mail programs and
    /// webmails have made, in the languages they come in. In lower case.
    static func ofWellKnownName(_ name: String) -> SpecialUse? { wellKnown[FolderPath.composed(name.lowercased())] }

    private static let wellKnown: [String: SpecialUse] = {
        var uses: [String: SpecialUse] = [:]
        for (use, names) in names { for name in names { uses[FolderPath.composed(name)] = use } }
        return uses
    }()

    private static let names: [(SpecialUse, [String])] = [
        (
            .sent,
            [
                "sent", "sent items", "sent messages", "sent mail", "sent-mail", "sentmail", "sent objects",
                "已发送", "已发送邮件", "已发邮件", "已发送的邮件", "发件箱", "已发信件", "寄件備份", "寄件匣", "已傳送郵件", "已寄郵件",
                "gesendet", "gesendete elemente", "gesendete objekte", "gesendete nachrichten",
                "envoyés", "éléments envoyés", "messages envoyés", "objets envoyés", "courrier envoyé",
                "enviados", "elementos enviados", "mensajes enviados", "correo enviado",
                "itens enviados", "mensagens enviadas", "enviadas",
                "inviati", "posta inviata", "elementi inviati", "inviata",
                "verzonden", "verzonden items", "verzonden berichten", "skickat", "skickade objekt",
                "sendt", "sendte elementer", "sendt post", "sendte", "lähetetyt", "lähetetyt viestit",
                "wysłane", "elementy wysłane", "odeslané", "odeslaná pošta", "odoslané", "elküldött",
                "elküldött elemek",
                "trimise", "отправленные", "надіслані", "gönderilmiş öğeler", "gönderilenler",
                "送信済み", "送信済みアイテム", "送信済みメール", "送信トレイ", "보낸 편지함", "보낸편지함", "보낸메일함",
            ]
        ),
        (
            .drafts,
            [
                "drafts", "draft", "草稿箱", "草稿", "草稿夹", "草稿匣", "entwürfe", "entwurf",
                "brouillons", "brouillon", "borradores", "borrador", "rascunhos", "rascunho", "bozze",
                "concepten", "utkast", "kladder", "kladde", "luonnokset", "wersje robocze", "szkice", "koncepty",
                "rozepsané", "piszkozatok", "ciorne", "черновики", "чернетки", "taslaklar", "下書き", "임시 보관함",
                "임시보관함",
            ]
        ),
        (
            .junk,
            [
                "junk", "junk e-mail", "junk email", "junk mail", "spam", "bulk mail", "bulk", "caughtspam",
                "垃圾邮件", "垃圾邮件箱", "垃圾信件", "垃圾箱", "垃圾郵件", "垃圾信件匣", "spam-verdacht", "spamverdacht",
                "junk-e-mail", "werbung",
                "courrier indésirable", "indésirables", "pourriel", "correo no deseado", "no deseado",
                "lixo eletrônico", "lixo electrónico", "posta indesiderata", "indesiderata", "ongewenste e-mail",
                "skräppost", "uønsket e-post", "uønsket mail", "søppelpost", "roskaposti", "wiadomości-śmieci",
                "nevyžádaná pošta", "nevyžiadaná pošta", "levélszemét", "спам", "нежелательная почта",
                "önemsiz e-posta", "迷惑メール", "스팸함", "스팸메일함", "정크 메일",
            ]
        ),
        (
            .trash,
            [
                "trash", "deleted items", "deleted messages", "deleted", "bin", "deleted objects", "wastebasket",
                "已删除", "已删除邮件", "已删除的邮件", "已删邮件", "废件箱", "垃圾桶", "刪除的郵件", "已刪除的郵件", "回收筒",
                "papierkorb", "gelöschte elemente", "gelöschte objekte", "gelöscht", "corbeille",
                "éléments supprimés", "messages supprimés", "papelera", "elementos eliminados",
                "lixeira", "itens excluídos", "itens eliminados", "lixo", "cestino", "posta eliminata",
                "elementi eliminati", "prullenbak", "verwijderde items", "papperskorgen", "borttagna objekt",
                "papirkurv", "slettet post", "slettede elementer", "roskakori", "poistetut", "kosz",
                "elementy usunięte", "koš", "odstraněná pošta", "kôš", "törölt elemek", "kuka", "coș de gunoi",
                "удаленные", "удалённые", "корзина", "видалені", "кошик", "çöp kutusu", "silinmiş öğeler",
                "ゴミ箱", "ごみ箱", "削除済みアイテム", "휴지통", "지운 편지함",
            ]
        ),
        (
            .archive,
            [
                "archive", "archives", "archived", "归档", "存档", "封存", "archiv", "archivo", "arquivo", "archivio",
                "archief", "arkiv", "arkisto", "archiwum", "archív", "архив", "архів", "arşiv", "アーカイブ", "보관함",
            ]
        ),
    ]
}
