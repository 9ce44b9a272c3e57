"""The two-station pipeline of `Pipeline.swift` in SimPy: `pipeline.py CUSTOMERS` prints
`<CPU seconds> <end time> <time spent waiting>`, times in ticks."""

import sys
import time

import simpy


def delays(seed, numerator, denominator):
    """xorshift64 (Marsaglia 2003, triple 13 7 17), uniform in 1 ... 2**20, scaled."""
    state, mask = seed, (1 << 64) - 1
    while True:
        state ^= (state << 13) & mask
        state ^= state >> 7
        state ^= (state << 17) & mask
        yield (1 + (state >> 44)) * numerator // denominator


def main(customers):
    env = simpy.Environment()
    stations = [simpy.Resource(env), simpy.Resource(env)]
    services = [delays(2, 9, 10), delays(3, 9, 10)]
    waited = 0

    def customer():
        nonlocal waited
        for station, service in zip(stations, services):
            arrived = env.now
            with station.request() as turn:
                yield turn
                waited += env.now - arrived
                yield env.timeout(next(service))

    def arrivals():
        for delay, _ in zip(delays(1, 1, 1), range(customers)):
            yield env.timeout(delay)
            env.process(customer())

    env.process(arrivals())
    start = time.process_time()
    env.run()
    print(f"{time.process_time() - start:.9f} {env.now} {waited}")


main(int(sys.argv[1]))
