import Loader
import Platform

/// The JSON of `/plan` without a rank: whether a degree is possible, and what each rank would get.
struct DryRunDescription {
  private let loaded: LoadedCheckpoint
  private let parameters: PartitionParameters

  init(_ loaded: LoadedCheckpoint, _ parameters: PartitionParameters) {
    self.loaded = loaded
    self.parameters = parameters
  }

  /// The JSON text.
  var json: JSONWriter {
    var bytes: [Int] = []
    var failure: LoaderError?
    do throws(LoaderError) {
      for rank in 0..<parameters.mp {
        var parameters = parameters
        parameters.rank = rank
        bytes.append(try Planner(loaded.checkpoint, parameters).tensorBytes())
      }
    } catch {
      failure = error
    }
    var json = JSONWriter()
    json.object { json in
      json.member("model", loaded.checkpoint.name)
      json.member("revision", loaded.checkpoint.revision)
      json.member("mp", parameters.mp)
      json.key("possible")
      json.bool(failure == nil)
      if let failure {
        json.member("why", failure.message)
      } else {
        json.key("tensor_bytes")
        json.array(bytes)
      }
      json.key("mp_degrees")
      json.array(loaded.possibleDegrees)
    }
    return json
  }
}
