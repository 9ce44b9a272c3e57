// Room: Reporting
