/// Which boot of which machine this is.
package enum BootIdentity {
  /// The kernel's random name of this boot (proc(5), `/proc/sys/kernel/random/boot_id`); nil where it cannot be read.
  package static let current: String? = {
    var roots = Roots()
    let path = "/proc/sys/kernel/random/boot_id"
    guard (try? roots.add(folder: "/proc/sys/kernel/random")) != nil, let file = try? roots.open(path),
      let bytes = try? file.bytes(at: 0, count: 36)
    else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }()
}
