// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The member names of one object on a tape, for finding duplicates.
struct ObjectMembers {
    private let octets: UnsafeRawBufferPointer
    private let tape: ContiguousArray<Token>
    private let object: Int

    init(_ octets: UnsafeRawBufferPointer, _ tape: ContiguousArray<Token>, object: Int) {
        self.octets = octets
        self.tape = tape
        self.object = object
    }

    /// The index of a name that another member has too, or nil: pairwise for few names, by a keyed hash for many,
    /// so that no choice of names makes it slow.
    func firstDuplicate() -> Int? {
        var few = InlineArray<16, Int>(repeating: 0)
        var count = 0
        var index = object + 1
        let end = object + 1 + tape[object].payload
        while index < end {
            guard count < 16 else { return firstDuplicateOfMany(end) }
            for earlier in 0..<count where haveSameName(few[earlier], index) { return index }
            few[count] = index
            count += 1
            index = next(index)
        }
        return nil
    }

    private func firstDuplicateOfMany(_ end: Int) -> Int? {
        var names: [(hash: Int, index: Int)] = []
        var index = object + 1
        while index < end {
            names.append((hash(index), index))
            index = next(index)
        }
        names.sort { $0.hash < $1.hash }
        for (i, name) in names.enumerated() {
            for other in names[(i + 1)...] {
                guard other.hash == name.hash else { break }
                if haveSameName(name.index, other.index) { return max(name.index, other.index) }
            }
        }
        return nil
    }

    private func next(_ name: Int) -> Int {
        let value = tape[name + 1]
        return name + 2 + (value.kind.isContainer ? value.payload : 0)
    }

    private func haveSameName(_ a: Int, _ b: Int) -> Bool {
        if tape[a].kind == .plainString, tape[b].kind == .plainString {
            guard tape[a].payload == tape[b].payload else { return false }
            return raw(a).elementsEqual(raw(b))
        }
        return unescaped(a).elementsEqual(unescaped(b))
    }

    private func hash(_ name: Int) -> Int {
        var hasher = Hasher()  // keyed with this process's own random seed
        if tape[name].kind == .plainString {
            hasher.combine(bytes: raw(name))
        } else {
            unescaped(name).withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        return hasher.finalize()
    }

    private func raw(_ name: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: octets[tape[name].range])
    }

    private func unescaped(_ name: Int) -> [UInt8] {
        let source = raw(name)
        return [UInt8](unsafeUninitializedCapacity: source.count) { target, count in
            count = UTF8Text.unescape(source, into: UnsafeMutableRawBufferPointer(target))
        }
    }
}
