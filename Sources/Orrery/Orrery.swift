// The whole library under one name:
//
//     import Orrery
//
//     let library = try Library()
//     let job = try library.job("llama-3.1-8b-generate")
//     let system = try library.system(ofDevice: "h100-sxm")
//     let runtime = try library.runtime("cuda-graph")
//     let report = try simulate(job, on: system, under: runtime, with: Cycle())
//     print(TextReport(report).text)

@_exported import Calibration
@_exported import CostModels
@_exported import Documents
@_exported import EventEngine
@_exported import Hardware
@_exported import LearnedModels
@_exported import Learning
@_exported import Measurement
@_exported import Operators
@_exported import Quantities
@_exported import Reporting
@_exported import Simulation
@_exported import Workloads
