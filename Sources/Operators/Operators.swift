// Room: Operators
