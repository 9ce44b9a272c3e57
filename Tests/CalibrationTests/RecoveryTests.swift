@testable import Calibration
import CostModels
import Hardware
import Operators
import Quantities
import Testing
