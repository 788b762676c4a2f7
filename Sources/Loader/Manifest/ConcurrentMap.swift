import Dispatch
import Synchronization

/// Makes a value for each of `0 ..< count` on all processors: for work on files that are independent of one another.
/// - Returns: the values in order.
/// - Throws: the failure of the first, by that order, that has one.
func concurrentMap<Value: Sendable>(
  _ count: Int, _ make: @Sendable (Int) throws(LoaderError) -> Value
) throws(LoaderError) -> [Value] {
  let results = Mutex([Result<Value, LoaderError>?](repeating: nil, count: count))
  DispatchQueue.concurrentPerform(iterations: count) { place in
    let result: Result<Value, LoaderError>
    do throws(LoaderError) {
      result = .success(try make(place))
    } catch {
      result = .failure(error)
    }
    results.withLock { $0[place] = result }
  }
  var values: [Value] = []
  values.reserveCapacity(count)
  for result in results.withLock({ $0 }) {
    if let result { values.append(try result.get()) }
  }
  return values
}
