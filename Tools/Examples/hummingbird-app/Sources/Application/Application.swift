import Hummingbird
import Loopguard
