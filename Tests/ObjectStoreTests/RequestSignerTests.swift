import Testing

@testable import ObjectStore

/// Signatures against the examples of Amazon's S3 user guide, "Authenticating Requests: Using the Authorization Header".
@Suite struct RequestSignerTests {
  private static let signer = RequestSigner(
    credentials: Credentials(
      accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), region: "us-east-1")
  /// 24 May 2013, 00:00:00.
  private static let time: Int64 = 1_369_353_600_000_000_000

  @Test(arguments: [
    ([("lifecycle", "")], "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ([("max-keys", "2"), ("prefix", "J")], "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
  ])
  func theGuidesExamplesHaveTheirSignatures(_ query: [(String, String)], _ signature: String) {
    let fields = RequestSignerTests.signer.fields(
      method: "GET", path: "/", query: query.map { (name: $0.0, value: $0.1) },
      host: "examplebucket.s3.amazonaws.com", time: RequestSignerTests.time)
    let authorization = fields.last?.value ?? ""
    #expect(authorization.hasSuffix("Signature=\(signature)"))
    #expect(
      authorization.hasPrefix(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
          + "SignedHeaders=host;x-amz-content-sha256;x-amz-date,"))
    #expect(fields.contains { $0.name == "x-amz-date" && $0.value == "20130524T000000Z" })
    #expect(!fields.contains { $0.name == "host" }, "the connection writes Host itself")
  }

  @Test func aQueryIsSortedAndEncoded() {
    #expect(RequestSigner.queryText([("prefix", "a b/ü"), ("list-type", "2")]) == "list-type=2&prefix=a%20b%2F%C3%BC")
  }

  @Test func aLentKeyShowsItsTokenAndSignsIt() {
    let signer = RequestSigner(
      credentials: Credentials(accessKey: "A", secretKey: "B", sessionToken: "T"), region: "eu-central-1")
    let fields = signer.fields(method: "GET", path: "/x", query: [], host: "h", time: RequestSignerTests.time)
    #expect(fields.contains { $0.name == "x-amz-security-token" && $0.value == "T" })
    #expect(fields.last?.value.contains("x-amz-security-token") == true)
  }
}
