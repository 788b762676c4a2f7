import HTTPTypes
import Testing

@testable import Transport

@Suite struct StatusErrorTests {
  @Test(arguments: [
    (ErrorCode.canceled, "canceled", 499), (.unknown, "unknown", 500), (.invalidArgument, "invalid_argument", 400),
    (.deadlineExceeded, "deadline_exceeded", 504), (.notFound, "not_found", 404),
    (.alreadyExists, "already_exists", 409),
    (.permissionDenied, "permission_denied", 403), (.resourceExhausted, "resource_exhausted", 429),
    (.failedPrecondition, "failed_precondition", 400), (.aborted, "aborted", 409), (.outOfRange, "out_of_range", 400),
    (.unimplemented, "unimplemented", 501), (.internalError, "internal", 500), (.unavailable, "unavailable", 503),
    (.dataLoss, "data_loss", 500), (.unauthenticated, "unauthenticated", 401),
  ])
  func codesHaveTheNamesAndStatusesOfTheConnectProtocol(code: ErrorCode, name: String, status: Int) {
    #expect(code.rawValue == name)
    #expect(code.status.code == status)
    #expect(!code.status.reasonPhrase.isEmpty)
  }

  @Test func theBodyIsTheConnectProtocolsJSON() {
    let error = StatusError(.notFound, "no \"model\"\n\u{1}é")
    #expect(
      String(decoding: error.body, as: UTF8.self)
        == #"{"code":"not_found","message":"no \"model\"\n\u0001é","details":[]}"#)
    #expect(error.responseFields[.contentType] == "application/json")
  }

  @Test func fieldsThatACodeAsksForAreThere() {
    var error = StatusError(.unavailable, "loading")
    error.retryAfter = 5
    #expect(error.responseFields[.retryAfter] == "5")
    #expect(StatusError(.resourceExhausted, "").responseFields[.retryAfter] == "1")
    #expect(StatusError(.unauthenticated, "").responseFields[.wwwAuthenticate] == "Bearer")
    #expect(StatusError(.notFound, "").responseFields[.retryAfter] == nil)
    let method = StatusError.methodNotAllowed(.delete, allow: [.get, .head])
    #expect(method.status == .methodNotAllowed)
    #expect(method.responseFields[.allow] == "GET, HEAD")
    #expect(method.code == .unimplemented)
  }

  @Test func aStatusWithoutACodeHasOne() {
    #expect(ErrorCode(status: .serviceUnavailable) == .unavailable)
    #expect(ErrorCode(status: .notFound) == .unimplemented)
    #expect(ErrorCode(status: .ok) == .unknown)
  }
}
