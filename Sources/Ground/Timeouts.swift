// SPDX-License-Identifier: Apache-2.0

package import POP3

extension Timeouts {
    package init(_ limits: MoveLimits) {
        self.init(connect: .seconds(limits.connectTimeout), read: .seconds(limits.readTimeout))
    }
}
