import Platform
import Testing

@Suite struct ByteCursorTests {
  @Test func numbersAreReadInBothOrders() throws {
    var cursor = ByteCursor([1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try cursor.littleEndian(UInt16.self) == 0x0201)
    #expect(try cursor.bigEndian(UInt16.self) == 0x0304)
    #expect(try cursor.byte() == 5)
    #expect(cursor.peek() == 6)
    #expect(try Array(cursor.take(2)) == [6, 7])
    #expect(cursor.remaining == 1)
  }

  @Test func nothingIsReadPastTheEnd() throws {
    var cursor = ByteCursor([1, 2, 3, 4], in: 1..<3)
    #expect(throws: ByteCursor.OutOfBounds.self) { try cursor.littleEndian(UInt32.self) }
    #expect(throws: ByteCursor.OutOfBounds.self) { try cursor.take(.max) }
    #expect(throws: ByteCursor.OutOfBounds.self) { try cursor.skip(3) }
    #expect(throws: ByteCursor.OutOfBounds.self) { try cursor.seek(to: -1) }
    #expect(cursor.position == 1)
    try cursor.skip(2)
    #expect(cursor.isAtEnd)
    #expect(throws: ByteCursor.OutOfBounds.self) { try cursor.byte() }
  }

  @Test func aLineEndsAtItsTerminator() throws {
    var cursor = ByteCursor(Array("ab\nc".utf8))
    #expect(try Array(cursor.line()) == Array("ab".utf8))
    #expect(throws: ByteCursor.OutOfBounds.self) { try cursor.line() }
    #expect(cursor.remaining == 1)
  }
}
