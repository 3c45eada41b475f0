// SPDX-License-Identifier: Apache-2.0

extension Pages {
    /// What nodes that share a database tell.
    static let nodes = #"""
        a guess that nobody has judged counts for a while: {}
        = 一次未经判定的猜测会再计数一段时间：{}

        whose run it is cannot be recorded: {}
        = 无法记录此次运行由谁执行：{}

        Another node may have taken the run of {} over.
        = {} 的运行可能已由另一节点接管。

        This node has had no sign of life from the database for a lease: another may have taken the run over.
        = 本节点在一个租期内未得到数据库的回应：运行可能已由另一节点接管。

        what other nodes do is not known: {}
        = 无法得知其他节点的情况：{}

        The database has not been reached since the start.
        = 启动以来尚未连接到数据库。

        """#
}
