import HTTPTypes
import Testing

@testable import Transport

@Suite struct RequestTimeoutTests {
  @Test(
    arguments: [
      (nil, nil, nil), ("1500", nil, .milliseconds(1500)), ("0", nil, .zero), (nil, "2S", .seconds(2)),
      (nil, "1H", .seconds(3600)), (nil, "3M", .seconds(180)), (nil, "4m", .milliseconds(4)),
      (nil, "5u", .microseconds(5)),
      (nil, "99999999n", .nanoseconds(99_999_999)), ("5000", "1S", .seconds(1)), ("500", "1S", .milliseconds(500)),
      ("9999999999", nil, .milliseconds(9_999_999_999)),
    ] as [(String?, String?, Duration?)])
  func theShorterTimeCounts(connect: String?, grpc: String?, expected: Duration?) throws {
    var fields = HTTPFields()
    fields[.connectTimeout] = connect
    fields[.grpcTimeout] = grpc
    #expect(try RequestTimeout.parse(fields) == expected)
  }

  @Test(
    arguments: [
      ("", nil), ("-1", nil), ("12345678901", nil), ("1.5", nil), (nil, ""), (nil, "S"), (nil, "1"), (nil, "1x"),
      (nil, "123456789S"), (nil, "-1S"), (nil, "é"),
    ] as [(String?, String?)])
  func aMalformedTimeIsAnError(connect: String?, grpc: String?) {
    var fields = HTTPFields()
    fields[.connectTimeout] = connect
    fields[.grpcTimeout] = grpc
    #expect(throws: StatusError.self) { try RequestTimeout.parse(fields) }
  }
}
