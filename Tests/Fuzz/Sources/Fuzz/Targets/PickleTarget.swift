@testable import Loader

/// A pickle, and everything that can be asked of the value that it describes.
struct PickleTarget: FuzzTarget {
  init() {}

  func run(_ bytes: [UInt8]) {
    do throws(PickleFailure) {
      let result = try PickleMachine.run(bytes, policy: PicklePolicy(allowOpaque: ["my"]))
      promise(result.end <= bytes.count && bytes[result.end - 1] == UInt8(ascii: "."), "a STOP that is none")
      let root = InertValue(result.graph, result.root)
      visit(root)
      do throws(LoaderError) {
        let leaves = try root.leaves(limit: 10_000)
        for (name, _) in leaves { promise(name.utf8.count <= InertValue.nameLimit, "a name without limit") }
        _ = try ModuleKey(given: nil).find(in: root)
      } catch {
        promiseOneLine(error.description)
      }
    } catch {
      promiseOneLine(error.error(file: "data.pkl").description)
    }
  }

  /// Looks at values breadth first, at some thousands of them.
  private func visit(_ root: InertValue) {
    var pending = [root]
    var next = 0
    while next < pending.count, next < 4_000 {
      let value = pending[next]
      next += 1
      switch value.kind {
      case .list(let elements), .tuple(let elements), .set(let elements): pending += elements
      case .dictionary(let entries): pending += entries.flatMap { [$0.key, $0.value] }
      default: break
      }
      promise(!value.kindName.isEmpty, "a value that is nothing")
      _ = (value.asIntegers, value.repeatedKeys, value.className, value.asNumber, value.asTensor)
      for key in value.keys { _ = value[key] }
      pending += value.arguments + (value.state.map { [$0] } ?? [])
    }
  }
}
