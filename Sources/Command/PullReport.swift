import Loader
import Platform
import WeightServerClient

/// What a pull says when it is done.
enum PullReport {
  /// One file, for a person.
  static func line(_ file: GroupResult.File) -> String {
    let result = file.result
    let seconds = result.duration.inSeconds
    let fetched = Double(result.byteCount - result.resumedFrom)
    var text = "\(file.path.escaped)  \(HumanText.bytes(Double(result.byteCount))) in \(HumanText.tenths(seconds)) s"
    if seconds > 0 { text += " (\(HumanText.bytes(fetched / seconds))/s)" }
    if result.resumedFrom > 0 { text += ", resumed at \(HumanText.bytes(Double(result.resumedFrom)))" }
    if result.isDigestConfirmed { text += ", digest right" }
    return text
  }

  /// All files, for a program.
  static func json(_ result: GroupResult) -> String {
    var writer = JSONWriter()
    writer.object {
      $0.member("revision", result.revision)
      $0.key("files")
      $0.array { for file in result.files { write(file, to: &$0) } }
    }
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static func write(_ file: GroupResult.File, to writer: inout JSONWriter) {
    writer.object {
      $0.member("rank", file.rank)
      $0.member("path", file.path)
      $0.member("bytes", file.result.byteCount)
      $0.member("resumed_from", file.result.resumedFrom)
      $0.member("etag", file.result.entityTag)
      $0.member("attempts", file.result.attempts)
      $0.member("seconds", (file.result.duration.inSeconds * 1e6).rounded() / 1e6)
      $0.member("sha256", file.result.sha256?.hexadecimal)
      $0.member("digest_confirmed", file.result.isDigestConfirmed)
    }
  }
}
