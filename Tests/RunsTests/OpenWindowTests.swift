// SPDX-License-Identifier: Apache-2.0

import Delivery
import Testing

@testable import Runs

/// How much of one account is delivered at once.
struct OpenWindowTests {
    private static let piece = Delivery.Size(messages: 50, octets: 256 << 10)

    private static func window(_ pieces: Int, within duration: Duration, hasWaited: Bool = true) -> OpenWindow {
        var window = OpenWindow()
        for _ in 0..<pieces { window.delivered(piece, within: duration, hasWaited: hasWaited) }
        return window
    }

    @Test func itGrowsWhileDeliveriesAreQuickAndUpToABound() {
        #expect(Self.window(15, within: .milliseconds(30)).limit.octets == OpenWindow.least.octets)
        #expect(Self.window(16, within: .milliseconds(30)).limit.octets == 2 * OpenWindow.least.octets)
        let window = Self.window(10_000, within: .milliseconds(30))
        #expect(window.limit.octets == OpenWindow.most.octets && window.limit.messages == OpenWindow.most.messages)
    }

    @Test func itStaysWhereItHoldsNothingUpAndWhereDeliveriesTakeTheirTime() {
        #expect(Self.window(100, within: .milliseconds(30), hasWaited: false).limit.octets == OpenWindow.least.octets)
        #expect(Self.window(100, within: .milliseconds(300)).limit.octets == OpenWindow.least.octets)
    }

    @Test func itShrinksWhenDeliveriesAreSlowAndDownToABound() {
        var window = Self.window(10_000, within: .milliseconds(30))
        window.delivered(Self.piece, within: .seconds(2), hasWaited: true)
        #expect(window.limit.octets == OpenWindow.most.octets / 2)
        for _ in 0..<100 { window.delivered(Self.piece, within: .seconds(2), hasWaited: true) }
        #expect(window.limit.octets == OpenWindow.least.octets && window.limit.messages == OpenWindow.least.messages)
    }
}
