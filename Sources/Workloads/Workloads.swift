// Room: Workloads
