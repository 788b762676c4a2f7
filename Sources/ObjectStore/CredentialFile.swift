/// The file that holds credentials by profile: sections of `key = value`.
///
/// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
enum CredentialFile {
  /// The credentials of a profile; nil where the file has none.
  static func credentials(in text: String, profile: String) -> Credentials? {
    var section = ""
    var values: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let line = trim(line)
      if line.hasPrefix("#") || line.hasPrefix(";") { continue }
      if line.hasPrefix("["), line.hasSuffix("]") {
        section = trim(line.dropFirst().dropLast())
        if section.hasPrefix("profile ") { section = trim(section.dropFirst(8)) }
        continue
      }
      guard section == profile, let equals = line.firstIndex(of: "=") else { continue }
      values[trim(line[..<equals]).lowercased()] = trim(line[line.index(after: equals)...])
    }
    guard let access = values["aws_access_key_id"], let secret = values["aws_secret_access_key"], !access.isEmpty,
      !secret.isEmpty
    else { return nil }
    return Credentials(accessKey: access, secretKey: secret, sessionToken: values["aws_session_token"])
  }

  private static func trim(_ text: some StringProtocol) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
    return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
