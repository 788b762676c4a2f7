@main struct WeightServerCommand { static func main() {} }
