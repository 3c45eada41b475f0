// SPDX-License-Identifier: Apache-2.0

import JSONWire

func document(_ text: String) throws -> JSONView { try JSONDocument(Array(text.utf8)).root }

func line(_ text: String) -> WipedOctets { Array(text.utf8).withUnsafeBytes { WipedOctets(copying: $0) } }

func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }
