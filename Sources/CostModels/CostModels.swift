// Room: CostModels
