public import Platform
import Synchronization

/// The open files of a checkpoint, as the execution of plans reads them. Mappings are made when first needed and kept.
public final class SourceSet: Sendable {
  /// The files, by the index that segments name.
  public let files: [FileTable.Entry]
  private let mappings: Mutex<[Int: SourceMapping]> = Mutex([:])
  /// The files that are read by calls rather than mapped.
  private let read: [Bool]

  /// The files of a checkpoint.
  /// - Parameter maps: whether files are mapped; nil for those that lie on this machine.
  public init(_ files: [FileTable.Entry], maps: Bool? = nil) {
    self.files = files
    read = files.map { entry in maps.map { !$0 } ?? entry.file.isRemote }
  }

  /// Whether any of the files lies on another machine.
  public var isRemote: Bool { read.contains(true) }

  /// Whether a file is read by calls rather than mapped.
  func isRead(_ index: Int) -> Bool { read.indices.contains(index) && read[index] }

  /// The open file of an index.
  public func file(_ index: Int) throws(LoaderError) -> SourceFile {
    guard files.indices.contains(index) else {
      throw LoaderError(.dataLoss, "a segment names file \(index) of \(files.count)")
    }
    return files[index].file
  }

  /// The mapping of a file.
  func mapping(_ index: Int) throws(LoaderError) -> SourceMapping {
    let file = try file(index)
    let result: Result<SourceMapping?, SystemError> = mappings.withLock { mappings in
      if let mapping = mappings[index] { return .success(mapping) }
      do throws(SystemError) {
        let mapping = try SourceMapping(file)
        mappings[index] = mapping
        return .success(mapping)
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let mapping?): return mapping
    case .success(nil): throw .changed(files[index].name)
    case .failure(let error): throw LoaderError(error, file: files[index].name)
    }
  }

  /// Throws `dataLoss` where a file is not what it was when its metadata was read.
  public func checkUnchanged(_ indices: some Sequence<Int>) throws(LoaderError) {
    for index in indices where try !file(index).isUnchanged() { throw .changed(files[index].name) }
  }
}

extension LoaderError {
  /// A source file that is not what it was.
  static func changed(_ file: String) -> LoaderError {
    LoaderError(.dataLoss, "changed since its metadata was read; reload the manifest", file: file)
  }
}
