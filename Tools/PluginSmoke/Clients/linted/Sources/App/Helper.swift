import Foundation

func helper(_ number: Int) -> Int {
    usleep(2000)  // deep
    return number
}
