/// How many connections are open, in all and of each client. A client without connections takes no room.
struct ConnectionTable<Client: Hashable> {
  /// Connections at a time.
  private(set) var limit: Int
  /// Connections of one client at a time.
  private(set) var clientLimit: Int
  /// Connections that are open.
  private(set) var open = 0
  private var clients: [Client: Entry] = [:]

  private struct Entry {
    var connections = 0
    let load: ClientLoad
  }

  /// What becomes of a connection.
  enum Verdict {
    /// It is served, and counted until `remove`.
    case admitted(ClientLoad)
    /// There are too many.
    case full(Limit)
  }

  init(limit: Int, clientLimit: Int) {
    self.limit = limit
    self.clientLimit = clientLimit
  }

  /// Holds those who come from here on to other limits; nobody is sent away.
  mutating func setLimits(_ limit: Int, ofClient clientLimit: Int) {
    self.limit = limit
    self.clientLimit = clientLimit
  }

  /// Clients that have a connection.
  var clientCount: Int { clients.count }

  /// Counts a connection of a client, if there is room for it.
  mutating func add(_ client: Client) -> Verdict {
    guard open < limit else { return .full(.connections) }
    var entry = clients[client] ?? Entry(load: ClientLoad())
    guard entry.connections < clientLimit else { return .full(.connectionsPerAddress) }
    entry.connections += 1
    clients[client] = entry
    open += 1
    return .admitted(entry.load)
  }

  /// A connection of a client that was admitted is over.
  mutating func remove(_ client: Client) {
    guard var entry = clients[client] else { return }
    open -= 1
    entry.connections -= 1
    clients[client] = entry.connections > 0 ? entry : nil
  }
}
