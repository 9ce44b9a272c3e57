// The limit for an event queue in C++, for comparison with `EventQueue`.
//
// Hold model: `population` events are pending; take the earliest, put a successor at a random delay, `events` times.
//   limit <library|branchless> <population> <events>   prints   <CPU seconds> <sum of ids> <last time>
//
// library     std::priority_queue of (time, sequence, id)
// branchless  a binary heap of 128-bit keys; the successor replaces the top; the smaller child is picked by
//             arithmetic instead of a branch that is mispredicted every other time
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <queue>
#include <vector>

static double cpuSeconds() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// xorshift64 (Marsaglia 2003, triple 13 7 17); delays are uniform in 1 ... 2^20.
struct Delays {
    uint64_t state = 88172645463325252u;
    uint64_t next() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return 1 + (state >> 44);
    }
};

struct Event {
    uint64_t time, sequence;
    uint32_t id;
};

struct Later {
    bool operator()(const Event &a, const Event &b) const {
        return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
    }
};

class LibraryQueue {
    std::priority_queue<Event, std::vector<Event>, Later> queue;
    uint64_t sequence = 0;

public:
    void push(uint64_t time, uint32_t id) { queue.push({time, sequence++, id}); }
    uint64_t time() const { return queue.top().time; }
    uint32_t id() const { return queue.top().id; }
    void replaceFirst(uint64_t time, uint32_t id) {
        queue.pop();
        push(time, id);
    }
};

class BranchlessQueue {
    typedef unsigned __int128 Key;  // time 64 | sequence 40 | id 24
    std::vector<Key> heap;
    uint64_t sequence = 0;

    Key key(uint64_t time, uint32_t id) { return Key(time) << 64 | Key(sequence++) << 24 | id; }

public:
    void push(uint64_t time, uint32_t id) {
        Key rising = key(time, id);
        heap.push_back(rising);
        size_t place = heap.size() - 1;
        for (; place > 0 && rising < heap[(place - 1) / 2]; place = (place - 1) / 2) heap[place] = heap[(place - 1) / 2];
        heap[place] = rising;
    }
    uint64_t time() const { return uint64_t(heap[0] >> 64); }
    uint32_t id() const { return uint32_t(heap[0]) & 0xffffff; }
    void replaceFirst(uint64_t time, uint32_t id) {
        Key sinking = key(time, id);
        size_t size = heap.size(), place = 0, child = 1;
        for (; child + 1 < size; child = 2 * place + 1) {
            child += size_t(heap[child + 1] < heap[child]);
            if (!(heap[child] < sinking)) {
                heap[place] = sinking;
                return;
            }
            heap[place] = heap[child];
            place = child;
        }
        if (child < size && heap[child] < sinking) {
            heap[place] = heap[child];
            place = child;
        }
        heap[place] = sinking;
    }
};

template <class Queue> static void hold(uint64_t population, uint64_t events) {
    Queue queue;
    Delays delays;
    uint64_t sum = 0, last = 0;
    for (uint64_t id = 0; id < population; id++) queue.push(delays.next(), uint32_t(id));
    double start = cpuSeconds();
    for (uint64_t n = 0; n < events; n++) {
        uint32_t id = queue.id();
        last = queue.time();
        sum += id;
        queue.replaceFirst(last + delays.next(), id);
    }
    printf("%.9f %llu %llu\n", cpuSeconds() - start, (unsigned long long)sum, (unsigned long long)last);
}

int main(int count, char **words) {
    if (count != 4) return 64;
    uint64_t population = strtoull(words[2], nullptr, 10), events = strtoull(words[3], nullptr, 10);
    if (!strcmp(words[1], "library")) hold<LibraryQueue>(population, events);
    else if (!strcmp(words[1], "branchless")) hold<BranchlessQueue>(population, events);
    else return 64;
}
