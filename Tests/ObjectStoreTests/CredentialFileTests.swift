import Testing

@testable import ObjectStore

@Suite struct CredentialFileTests {
  private static let text = """
    # comment
    [default]
    aws_access_key_id = A
    aws_secret_access_key=B=C

    [profile other]
    AWS_ACCESS_KEY_ID = D
    aws_secret_access_key = E
    aws_session_token = F
    [half]
    aws_access_key_id = G
    """

  @Test func aProfilesKeyIsFound() {
    #expect(
      CredentialFile.credentials(in: Self.text, profile: "default") == Credentials(accessKey: "A", secretKey: "B=C"))
    let other = CredentialFile.credentials(in: Self.text, profile: "other")
    #expect(other == Credentials(accessKey: "D", secretKey: "E", sessionToken: "F"))
  }

  @Test(arguments: ["half", "none", ""]) func halfAKeyIsNone(_ profile: String) {
    #expect(CredentialFile.credentials(in: Self.text, profile: profile) == nil)
  }

  @Test func aDescriptionHasNoSecret() {
    let text = "\(Credentials(accessKey: "A", secretKey: "hidden", sessionToken: "token"))"
    #expect(text == "credentials A")
  }
}
