/// What a pickle remembered, by number: an array while the numbers follow each other, as picklers write them, and a dictionary
/// for any others, so that a huge number costs no more than a small one.
struct PickleMemo {
  private var dense: [InertGraph.ID] = []
  private var sparse: [UInt32: InertGraph.ID] = [:]

  /// How many are remembered.
  var count: Int { dense.count + sparse.count }

  subscript(index: UInt32) -> InertGraph.ID? {
    get { Int(index) < dense.count ? dense[Int(index)] : sparse[index] }
    set {
      guard let newValue else { return }
      if Int(index) < dense.count {
        dense[Int(index)] = newValue
      } else if Int(index) == dense.count {
        dense.append(newValue)
        sparse[index] = nil
      } else {
        sparse[index] = newValue
      }
    }
  }
}
