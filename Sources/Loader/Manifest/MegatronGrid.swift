/// The files of a Megatron-LM run over tensor-parallel ranks, pipeline stages and expert-parallel ranks, put together to one state
/// dict a tensor-parallel rank, layers and experts numbered over the whole model.
struct MegatronGrid {
  private var cells: [(name: RankFolderName, root: InertValue, file: String)] = []

  /// Adds a rank's file.
  mutating func add(_ root: InertValue, at name: RankFolderName, file: String) {
    cells.append((name, root, file))
  }

  /// What the files hold together.
  func checkpoint() throws(LoaderError) -> RawCheckpoint {
    let arguments = cells.lazy.compactMap { MegatronArguments($0.root) }.first
    let hasStages = (arguments?.pipelineStages ?? 2) > 1
    var grid: [Coordinates: (root: InertValue, file: String)] = [:]
    for cell in cells {
      let (stage, expert) = cell.name.coordinates(hasStages: hasStages)
      grid[Coordinates(tensor: cell.name.tensor, stage: stage, expert: expert)] = (cell.root, cell.file)
    }
    let size = Coordinates(
      tensor: count(grid.keys.map(\.tensor)), stage: count(grid.keys.map(\.stage)),
      expert: count(grid.keys.map(\.expert)))
    let cellsByPlace = grid
    let ranks = try concurrentMap(size.tensor) { (tensor) throws(LoaderError) in
      try rank(tensor, size, cellsByPlace)
    }
    let names = (0..<size.tensor).map { "tensor-parallel rank \($0)" }
    var raw = try MegatronRanks(ranks, names: names).checkpoint(sourceType: "Megatron", version: nil, overrides: false)
    raw.parallelization = .init(tensor: size.tensor, pipeline: size.stage)
    return raw
  }

  private struct Coordinates: Hashable {
    let tensor: Int
    let stage: Int
    let expert: Int
  }

  private func count(_ numbers: [Int]) -> Int { (numbers.max() ?? 0) + 1 }

  /// One tensor-parallel rank's state dict: the stages' in the order of the model.
  private func rank(
    _ tensor: Int, _ size: Coordinates, _ grid: [Coordinates: (root: InertValue, file: String)]
  ) throws(LoaderError) -> RankFile {
    var merged = StageMerge()
    var root: InertValue?
    var chunks: [(virtual: Int, stage: Int, parts: [ModuleKey.Found])] = []
    for stage in 0..<size.stage {
      var byVirtual: [[ModuleKey.Found]] = []
      for expert in 0..<size.expert {
        guard let cell = grid[Coordinates(tensor: tensor, stage: stage, expert: expert)] else {
          throw LoaderError(
            .missingFile,
            "there is no file for tensor-parallel rank \(tensor), pipeline stage \(stage), expert rank \(expert)")
        }
        root = root ?? cell.root
        let found = try stateDicts(cell.root, cell.file)
        if byVirtual.isEmpty { byVirtual = Array(repeating: [], count: found.count) }
        guard found.count == byVirtual.count else {
          throw .invalid(cell.file, "has \(found.count) virtual stages, others \(byVirtual.count)")
        }
        for (virtual, part) in found.enumerated() { byVirtual[virtual].append(part) }
      }
      for (virtual, parts) in byVirtual.enumerated() { chunks.append((virtual, stage, parts)) }
    }
    for chunk in chunks.sorted(by: { ($0.virtual, $0.stage) < ($1.virtual, $1.stage) }) {
      try merged.add(chunk.parts)
    }
    return RankFile(tensors: merged.tensors, others: merged.others, moduleKey: merged.moduleKey, root: root)
  }

  /// A file's state dicts: one, or one a virtual stage.
  private func stateDicts(_ root: InertValue, _ file: String) throws(LoaderError) -> [ModuleKey.Found] {
    let virtual = (0..<1024).prefix { root["model\($0)"]?.isDictionary == true }.map { "model\($0)" }
    var found: [ModuleKey.Found] = []
    do throws(LoaderError) {
      if virtual.isEmpty { return [try ModuleKey(given: nil).find(in: root)] }
      for key in virtual { found.append(try ModuleKey(given: key).find(in: root)) }
    } catch {
      throw error.of(file)
    }
    return found
  }
}
