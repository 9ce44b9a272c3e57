// Room: Orrery
