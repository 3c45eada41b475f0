// SPDX-License-Identifier: Apache-2.0

/// One JSON text (RFC 8259), checked whole and ready to be read through `root`.
///
/// Strict: UTF-8 without lone surrogates, no text after the value, no member twice in one object, and no nesting
/// deeper than `depthLimit`. Its octets are overwritten with the last view on it.
public final class JSONDocument: Sendable {
    /// How deep arrays and objects may nest.
    public static let depthLimit = 64

    /// How many values and names a text may hold. Two octets, `0,`, are a value that costs eight here, and more where
    /// it is read.
    public static let tokenLimit = 2_000_000

    let source: WipedOctets
    let tape: ContiguousArray<Token>

    /// Reads a text.
    public init(_ source: WipedOctets) throws(JSONError) {
        guard source.count <= Token.payloadLimit else {
            throw JSONError(.tooLong, offset: Token.payloadLimit, detail: "text of \(source.count) octets is too long")
        }
        self.source = source
        var tokenizer = Tokenizer(source.octets)
        try tokenizer.run()
        tape = tokenizer.tape
    }

    /// Reads a text out of memory that is the caller's.
    public convenience init(_ octets: UnsafeRawBufferPointer) throws(JSONError) {
        try self.init(WipedOctets(copying: octets))
    }

    /// Reads a text.
    public convenience init(_ octets: [UInt8]) throws(JSONError) {
        try self.init(octets.withUnsafeBytes { WipedOctets(copying: $0) })
    }

    /// The text's value.
    public var root: JSONView { JSONView(document: self, index: 0) }

    /// What the document costs in memory, in octets.
    public var footprint: Int { source.count + tape.capacity * MemoryLayout<Token>.stride }

    /// The index behind the value at `index` and all that is inside it.
    func end(of index: Int) -> Int {
        let token = tape[index]
        return index + 1 + (token.kind.isContainer ? token.payload : 0)
    }
}

/// One value or member name of a text, in 8 octets: where it is, what it is, and how long.
struct Token {
    enum Kind: UInt32 {
        case null, `false`, `true`, number, plainString, escapedString, array, object

        var isContainer: Bool { self == .array || self == .object }
        var isString: Bool { self == .plainString || self == .escapedString }
    }

    static let payloadLimit = 1 << 29 - 1

    /// Of the first octet; of strings, the one behind the quotation mark.
    let offset: UInt32
    private var info: UInt32

    init(_ kind: Kind, offset: Int, payload: Int = 0) {
        self.offset = UInt32(truncatingIfNeeded: offset)
        info = kind.rawValue << 29 | UInt32(truncatingIfNeeded: payload)
    }

    var kind: Kind { Kind(rawValue: info >> 29) ?? .null }  // 3 bits, 8 kinds

    /// Octets of a number or (still escaped) string; tokens inside an array or object.
    var payload: Int {
        get { Int(info & 0x1FFF_FFFF) }
        set { info = info & 0xE000_0000 | UInt32(truncatingIfNeeded: newValue) }
    }

    var range: Range<Int> { Int(offset)..<Int(offset) + payload }
}
