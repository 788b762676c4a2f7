internal import Loader
internal import Platform

/// Stores a transfer in a file beside its target, with a journal beside that, and gives it the target's name when it is whole.
///
/// For the target `folder/NAME` the files are `folder/.NAME.partial` and `folder/.NAME.partial.json`. The partial file is locked
/// while a transfer writes it.
///
/// `@unchecked Sendable`: `receive` touches nothing here that changes; all else is called by one thread at a time.
final class FileSink: TransferSink, @unchecked Sendable {
  /// What an earlier transfer left.
  private(set) var resumable: TransferJournal?
  private let target: String
  private let request: String
  private let synchronizes: Bool
  private let file: OutputFile
  private let buffer: ByteBuffer
  private var journal: OutputFile?
  private var noted = 0

  /// Bytes between two notes in the journal.
  private static let noteInterval = 64 * 1024 * 1024

  /// Opens the partial file of a target, made if it is not there, and reads its journal.
  /// - Parameters:
  ///   - request: the path and query that the journal must be of.
  ///   - revision: the revision that the journal must be of, if the request is pinned.
  ///   - synchronizes: whether `commit` waits for the disk.
  init(
    target: String, request: String, revision: String?, bufferSize: Int, synchronizes: Bool = true
  ) throws(WeightClientError) {
    let name = Path.name(of: target)
    guard !name.isEmpty, name != ".", name != "..", !target.hasSuffix("/"), !target.utf8.contains(0) else {
      throw WeightClientError(.request, .invalidArgument, "\"\(target.escaped)\" does not name a file to write")
    }
    let partial = Path.join(Path.folder(of: target), ".\(name).partial")
    let opened: OutputFile?
    do throws(SystemError) {
      opened = try OutputFile.openLocked(partial)
    } catch {
      throw WeightClientError(error)
    }
    guard let opened else {
      throw WeightClientError(
        .local, .aborted,
        "\(partial.escaped): another transfer is writing this file; wait for it or choose another name")
    }
    file = opened
    self.target = target
    self.request = request
    self.synchronizes = synchronizes
    buffer = ByteBuffer(capacity: max(bufferSize, 4096))
    resumable = readJournal(revision: revision)
  }

  private var journalPath: String { file.path + ".json" }

  private func readJournal(revision: String?) -> TransferJournal? {
    guard let boot = BootIdentity.current, let opened = try? OutputFile.open(journalPath, create: false),
      let bytes = try? opened.bytes(at: 0, count: TransferJournal.size + 1),
      let journal = TransferJournal(parsing: bytes),
      journal.canResume(target: request, boot: boot, pinnedRevision: revision),
      let size = try? file.size(), size >= UInt64(journal.stored)
    else { return nil }
    noted = journal.stored
    return journal
  }

  func prepare(_ content: TransferContent) throws(WeightClientError) {
    do throws(SystemError) {
      try removeJournal()
      // Pages of what was stored before are given back, so that the file never holds bytes of two contents.
      try file.resize(to: 0)
      try file.reserve(content.length)
    } catch {
      throw WeightClientError(error)
    }
  }

  var takesRanges: Bool { true }

  func makeWindow() -> ByteBuffer? { ByteBuffer(capacity: buffer.capacity) }

  func receive(
    _ range: Range<Int>, from connection: ClientConnection, through window: ByteBuffer?, within limit: Duration,
    digest: RunningDigest?, cancel: CancelSignal
  ) throws(WeightClientError) -> Int {
    let window = window ?? buffer
    let count = try connection.receiveBody(into: window, most: range.count, within: limit, cancel: cancel)
    do throws(SystemError) {
      try file.write(window, at: range.lowerBound)
    } catch {
      throw WeightClientError(error)
    }
    digest?.add(window)
    return count
  }

  func note(_ position: Int, of content: TransferContent) {
    guard noted == 0 || position - noted >= FileSink.noteInterval else { return }
    try? writeJournal(position, of: content)
  }

  private func writeJournal(_ position: Int, of content: TransferContent) throws(SystemError) {
    guard let boot = BootIdentity.current,
      let bytes = TransferJournal(target: request, content: content, stored: position, boot: boot).serialized
    else { return }
    if journal == nil { journal = try OutputFile.open(journalPath) }
    try journal?.write(bytes, at: 0)
    noted = position
  }

  func bytes(_ range: Range<Int>) throws(WeightClientError) -> [UInt8] {
    do throws(SystemError) {
      return try file.bytes(at: range.lowerBound, count: range.count)
    } catch {
      throw WeightClientError(error)
    }
  }

  func hash(_ range: Range<Int>, into digest: RunningDigest, cancel: CancelSignal) throws(WeightClientError) {
    var position = range.lowerBound
    while position < range.upperBound {
      if cancel.isCancelled { throw .canceled }
      do throws(SystemError) {
        try file.read(into: buffer, at: position, most: min(range.upperBound - position, buffer.capacity))
      } catch {
        throw WeightClientError(error)
      }
      guard buffer.count > 0 else {
        throw WeightClientError(.local, .dataLoss, "\(file.path.escaped): the file became shorter while it was written")
      }
      digest.add(buffer)
      position += buffer.count
    }
  }

  func commit() throws(WeightClientError) {
    do throws(SystemError) {
      if synchronizes { try file.synchronize() }
      try file.rename(to: target, isDurable: synchronizes)
      try removeJournal()
    } catch {
      throw WeightClientError(error)
    }
  }

  private func removeJournal() throws(SystemError) {
    journal = nil
    noted = 0
    try OutputFile.remove(journalPath)
  }

  func keep(_ position: Int, of content: TransferContent) {
    // The transfer has failed already, and its error is the one to tell.
    do throws(SystemError) {
      try writeJournal(position, of: content)
      if noted == position { return }
    } catch {
      // Bytes that nothing is known of are of no use.
    }
    remove()
  }

  func remove() {
    try? removeJournal()
    try? file.remove()
  }
}
