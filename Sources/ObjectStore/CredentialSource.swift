import HTTPTypes
import Loader
import Platform
import Synchronization
import Transport
import WeightServerClient

/// Finds credentials where Amazon's tools do, in their order: the environment, the shared file, a container's endpoint, the instance's
/// endpoint. What was lent for a time is asked for again before it ends.
///
/// Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers"; EC2 User Guide, "Instance Metadata Service Version 2".
package final class CredentialSource: Sendable {
  private let environment: [String: String]
  private let known = Mutex<Credentials?>(nil)

  /// How long before their end credentials are asked for again.
  private static let margin: Int64 = 300 * 1_000_000_000
  private static let answerLimit = 64 << 10
  private static let fileLimit: UInt64 = 1 << 20

  /// A source that looks at these variables.
  package init(environment: [String: String]) {
    self.environment = environment
  }

  /// Credentials that are valid now; nil where nothing gives any: then requests are not signed.
  func credentials(cancel: CancelSignal) throws(ObjectStoreError) -> Credentials? {
    if let credentials = known.withLock({ $0 }), isFresh(credentials) { return credentials }
    let found = try find(cancel: cancel)
    known.withLock { $0 = found }
    return found
  }

  /// Forgets what is known, after a store has refused it.
  func forget() {
    known.withLock { $0 = nil }
  }

  private func isFresh(_ credentials: Credentials) -> Bool {
    credentials.expiry.map { $0 - CredentialSource.margin > WallClock.nanoseconds() } ?? true
  }

  private func find(cancel: CancelSignal) throws(ObjectStoreError) -> Credentials? {
    if let access = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"],
      !access.isEmpty, !secret.isEmpty
    {
      return Credentials(accessKey: access, secretKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
    }
    if let credentials = try fromFile() { return credentials }
    if let url = containerURL { return try fromContainer(url, cancel: cancel) }
    guard environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true" else { return nil }
    return try fromInstance(cancel: cancel)
  }

  private func fromFile() throws(ObjectStoreError) -> Credentials? {
    let profile = environment["AWS_PROFILE"] ?? "default"
    let named = environment["AWS_SHARED_CREDENTIALS_FILE"]
    guard let path = named ?? environment["HOME"].map({ Path.join($0, ".aws/credentials") }) else { return nil }
    let text: [UInt8]
    do throws(SystemError) {
      let file = try SourceFile.opening(path)
      text = try file.bytes(at: 0, count: Int(min(file.size, CredentialSource.fileLimit)))
    } catch {
      if named == nil, error.isMissingFile { return nil }
      throw ObjectStoreError(.denied, "credentials: \(path.escaped): \(error.reason)")
    }
    if let credentials = CredentialFile.credentials(in: String(decoding: text, as: UTF8.self), profile: profile) {
      return credentials
    }
    guard environment["AWS_PROFILE"] != nil else { return nil }
    throw ObjectStoreError(.denied, "credentials: \(path.escaped) has no key under [\(profile.escaped)] (AWS_PROFILE)")
  }

  private var containerURL: String? {
    if let whole = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] { return whole }
    return environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"].map { "http://169.254.170.2" + $0 }
  }

  private func fromContainer(_ url: String, cancel: CancelSignal) throws(ObjectStoreError) -> Credentials? {
    let token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    let fields = HTTPFields(named: token.map { [("authorization", $0)] } ?? [])
    let scheme = url.firstRange(of: "://")?.upperBound ?? url.startIndex
    let slash = url[scheme...].firstIndex(of: "/") ?? url.endIndex
    let target = slash == url.endIndex ? "/" : String(url[slash...])
    let body = try ask(String(url[..<slash]), .get, target, fields, cancel: cancel)
    return try CredentialSource.parse(body, from: "the container's endpoint")
  }

  private func fromInstance(cancel: CancelSignal) throws(ObjectStoreError) -> Credentials? {
    let endpoint = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254"
    var fields = HTTPFields(named: [("x-aws-ec2-metadata-token-ttl-seconds", "21600")])
    // Where nothing answers there is no instance, and so no credentials.
    guard let token = try? ask(endpoint, .put, "/latest/api/token", fields, cancel: cancel) else { return nil }
    fields = HTTPFields(named: [("x-aws-ec2-metadata-token", String(decoding: token, as: UTF8.self))])
    let path = "/latest/meta-data/iam/security-credentials/"
    let roles = try ask(endpoint, .get, path, fields, cancel: cancel)
    guard let role = String(decoding: roles, as: UTF8.self).split(whereSeparator: \.isNewline).first else { return nil }
    let body = try ask(endpoint, .get, path + PercentEncoding.encode(String(role)), fields, cancel: cancel)
    return try CredentialSource.parse(body, from: "the instance's endpoint")
  }

  private func ask(
    _ url: String, _ method: HTTPRequest.Method, _ target: String, _ fields: HTTPFields, cancel: CancelSignal
  ) throws(ObjectStoreError) -> [UInt8] {
    var limits = ClientConfiguration()
    limits.connectTimeout = .seconds(1)
    limits.responseTimeout = .seconds(5)
    limits.progressTimeout = .seconds(5)
    do throws(WeightClientError) {
      let requests = PlainRequests(try ServerAddress(url), configuration: limits)
      let (head, body) = try requests.read(
        method, target, fields: fields, most: CredentialSource.answerLimit, cancel: cancel)
      guard head.status.kind == .successful else {
        throw WeightClientError(.server, .unavailable, "\(url.escaped): status \(head.status.code)")
      }
      return body
    } catch {
      throw ObjectStoreError(.denied, "credentials: \(error.message)")
    }
  }

  private static func parse(_ body: [UInt8], from place: String) throws(ObjectStoreError) -> Credentials {
    let json = try? JSONValue(parsing: body)
    guard let access = json?["AccessKeyId"]?.asText, let secret = json?["SecretAccessKey"]?.asText else {
      throw ObjectStoreError(.denied, "credentials: \(place) answers without AccessKeyId and SecretAccessKey")
    }
    let expiry = json?["Expiration"]?.asText.flatMap(HTTPDate.parseRFC3339)
    return Credentials(
      accessKey: access, secretKey: secret, sessionToken: json?["Token"]?.asText,
      expiry: expiry.map { $0 &* 1_000_000_000 })
  }
}
