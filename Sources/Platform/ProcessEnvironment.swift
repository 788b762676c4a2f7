import Glibc

/// The variables that the process was started with.
package enum ProcessEnvironment {
  /// Names and values; of a name that stands twice the first counts, as getenv(3) has it.
  package static var variables: [String: String] {
    var variables: [String: String] = [:]
    var entry = unsafe environ
    // SAFETY: `environ` is a list of terminated strings that ends with a null; nothing in this process changes it.
    while let text = unsafe entry.pointee {
      let pair = unsafe String(cString: text)
      if let equals = pair.firstIndex(of: "=") {
        let name = String(pair[..<equals])
        if variables[name] == nil { variables[name] = String(pair[pair.index(after: equals)...]) }
      }
      unsafe entry = entry.advanced(by: 1)
    }
    return variables
  }
}
