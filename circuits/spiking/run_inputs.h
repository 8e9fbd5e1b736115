// Numbers of a compiled run, read from the files of a folder, and its results, written to files beside them.
// It is included before everything else, so that it can be precompiled together with the standard library.
#ifndef STEERSMAN_RUN_INPUTS_H
#define STEERSMAN_RUN_INPUTS_H

#include "brianlib/clocks.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace run_inputs {

[[noreturn]] void fail(const std::string& message);
bool exists(const std::string& name);
bool goes_on();  // whether the run goes on from a state
size_t size_of(const std::string& name);
void read_bytes(const std::string& name, char* data, size_t size);
void write(const std::string& name, const char* data, size_t size, bool append = false);
int size(int index) __attribute__((pure));  // of a group, by its place in the file "sizes"
[[noreturn]] void diverged(const std::string& name, size_t index, double time);

// All values of a file.
template <class T>
std::vector<T> values(const std::string& name) {
    std::vector<T> result(size_of(name) / sizeof(T));
    read_bytes(name, reinterpret_cast<char*>(result.data()), result.size() * sizeof(T));
    return result;
}

// Function of time and neuron: row k holds from start + k·step on, the last one for ever.
struct Table {
    std::vector<double> values;
    int64_t rows = 0, columns = 0;
    double step = 1.0, start = 0.0;
    inline double operator()(const double t, const int64_t i) const {
        const int64_t row = (int64_t)((t - start) / step + 1e-6);
        return values[(size_t)((row < rows ? row : rows - 1) * columns + i)];
    }
    inline const double* row(const size_t i) const { return &values[i * (size_t)columns]; }
    void read(const std::string& name);
};

// The tables of a model by number, shared by all its files.
template <int K>
struct Tables {
    static Table value;
};
template <int K>
Table Tables<K>::value;

// Random numbers of a time step by their places: words of Philox4x64-10, with a key of 4 × 32 bits in the row of a table.
struct Philox {
    uint64_t key[2] = {0, 0}, step = 0, kind = 0, block = 0, words[4] = {0, 0, 0, 0};
    void compute();
    // Word i of a step, as a number from 0 on and below 1; a block stays until another one is asked for.
    inline double word(const Table& own, const double t, const uint64_t i, const uint64_t which) {
        const uint64_t now = (uint64_t)(t / own.step + 1e-6), wanted = i / 4 + 1;
        const uint64_t first = ((uint64_t)own.values[0] << 32) | (uint64_t)own.values[1];
        const uint64_t second = ((uint64_t)own.values[2] << 32) | (uint64_t)own.values[3];
        if (wanted != block || now != step || first != key[0] || second != key[1] || which != kind) {
            key[0] = first, key[1] = second, step = now, kind = which, block = wanted;
            compute();
        }
        return (double)(words[i % 4] >> 11) * (1.0 / 9007199254740992.0);
    }
};

inline double draw(const Table& own, const double t, const int64_t i) {
    static Philox numbers;
    return numbers.word(own, t, (uint64_t)i, 0);
}

inline double noise(const Table& own, const double t, const int64_t i) {
    static Philox numbers;
    const double radius = numbers.word(own, t, 2 * (uint64_t)i, 1), angle = numbers.word(own, t, 2 * (uint64_t)i + 1, 1);
    return std::sqrt(-2.0 * std::log1p(-radius)) * std::cos(2.0 * M_PI * angle);
}

// Messages of the last `delay` steps: each call returns the oldest and keeps the newest; 0 before there were any.
struct DelayLine {
    std::vector<double> messages;
    inline double exchange(const int64_t step, const int64_t delay, const int64_t n, const int64_t i, double x) {
        if (delay == 0) return x;
        if (messages.empty()) messages.assign((size_t)(delay * n), 0.0);
        std::swap(messages[(size_t)(step % delay * n + i)], x);
        return x;
    }
};

// The messages on their way of a model by number, shared by all its files.
template <int K>
struct DelayLines {
    static DelayLine value;
};
template <int K>
DelayLine DelayLines<K>::value;

// Changes of coupled synapses in one step: the part of the requested ones along the directions of control, or all of it
// without what moves conserved sums (removed), and what a drift that couples weights adds. Matrices have a row per
// synapse.
double project_changes(const Table* read, const Table* control, const Table* removed, const Table* drift,
                       const std::vector<double>& requested, const std::vector<double>& weights,
                       std::vector<double>& permitted, double dt);

// Fill n elements with the values of a file, or all of them with its only one.
template <class T>
void read(const std::string& name, T* data, const size_t n) {
    const std::vector<double> numbers = values<double>(name);
    if (numbers.size() == n) {
        std::transform(numbers.begin(), numbers.end(), data, [](double x) { return (T)x; });
    } else if (numbers.size() == 1) {
        std::fill(data, data + n, (T)numbers[0]);
    } else {
        fail(name + " has " + std::to_string(numbers.size()) + " values, expected are " + std::to_string(n));
    }
}

// Take as many elements as there are values in a file.
template <class T>
void read_any(const std::string& name, std::vector<T>& array) {
    array.resize(values<double>(name).size());
    if (array.size()) read(name, array.data(), array.size());
}

// Connect the neurons that two files name: ends, numbers of synapses, and room for all variables of the synapses.
template <class B>
void connect(const std::string& name, std::vector<int32_t>& pre, std::vector<int32_t>& post, B& outgoing, B& incoming,
             int32_t* count, const std::function<void(size_t)>& resize) {
    pre = values<int32_t>(name + ".sources");
    post = values<int32_t>(name + ".targets");
    if (post.size() != pre.size()) fail(name + " has another number of targets than of sources");
    std::fill(outgoing.begin(), outgoing.end(), 0);
    std::fill(incoming.begin(), incoming.end(), 0);
    for (const int32_t source : pre) outgoing[(size_t)source]++;
    for (const int32_t target : post) incoming[(size_t)target]++;
    count[0] = (int32_t)pre.size();
    resize(pre.size());
}

inline void save(const std::string& name, const double* data, const size_t n) {
    write(name, reinterpret_cast<const char*>(data), n * sizeof(double));
}

template <class T>
void save(const std::string& name, const T* data, const size_t n) {
    const std::vector<double> numbers(data, data + n);
    save(name, numbers.data(), n);
}

// Variables, spikes and messages of the state from which a run goes on, and of its last state.
template <class T>
void restore(const std::string& name, T* data, const size_t n) {
    if (!goes_on()) return;
    if (!exists(name)) fail("start has no '" + name + "'; use a state of this circuit");
    read(name, data, n);
}

inline void restore_messages(const std::string& name, DelayLine& line) {
    if (goes_on()) line.messages = values<double>(name);
}

// A queue is advanced before it takes the spikes of a step: what is due in the next step lies one place ahead.
template <class Q>
void restore_spikes(const std::string& name, Q& queue) {
    const std::vector<double> flying = goes_on() ? values<double>(name) : std::vector<double>();
    for (size_t k = 0; k + 1 < flying.size(); k += 2) {
        const int ahead = (int)flying[k] + 1;
        queue.ensure_delay(ahead);
        queue.queue[(size_t)(queue.offset + ahead) % queue.queue.size()].push_back((int32_t)flying[k + 1]);
    }
}

template <class Q>
void save_spikes(const std::string& name, const Q& queue) {
    std::vector<double> flying;
    for (size_t ahead = 1; ahead < queue.queue.size(); ahead++)
        for (const int32_t synapse : queue.queue[((size_t)queue.offset + ahead) % queue.queue.size()]) {
            flying.push_back((double)ahead - 1.0);
            flying.push_back((double)synapse);
        }
    save(name, flying.data(), flying.size());
}

// Rows of a record that grows while the run goes on.
template <class A>
void save_rows(const std::string& name, A& array) {
    std::vector<double> row((size_t)array.m);
    write(name, nullptr, 0);
    for (int i = 0; i < (int)array.n; i++) {
        for (int j = 0; j < (int)array.m; j++) row[(size_t)j] = (double)array(i, j);
        write(name, reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double), true);
    }
}

// The exponent says whether a number is finite, also where the compiler may assume that all are.
inline bool is_finite(const double x) {
    uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7ff0000000000000ULL) != 0x7ff0000000000000ULL;
}

template <class T>
void check(const std::string& name, const T* data, const size_t n, const double time) {
    int infinite = 0;  // a loop without exits is done for several numbers at once
    for (size_t i = 0; i < n; i++) infinite |= !is_finite((double)data[i]);
    for (size_t i = 0; infinite && i < n; i++)
        if (!is_finite((double)data[i])) diverged(name, i, time);
}

// Record the values of those elements of an array that a run records, which may lie at places of another one; and save
// what was recorded. There are many calls, which are compiled sooner if they are short.
struct Record {
    std::vector<int64_t> which;
    std::vector<double> rows;
};

Record& record_of(const std::string& name);

template <class T>
__attribute__((noinline)) void record(const char* name, const T* data, const int32_t* places = nullptr) {
    Record& record = record_of(name);
    for (const int64_t k : record.which) record.rows.push_back((double)data[places ? places[k] : k]);
}

__attribute__((noinline)) inline void save_record(const char* name) {
    const Record& record = record_of(name);
    if (!record.which.empty()) save(std::string(name) + ".record", record.rows.data(), record.rows.size());
}

// Append mean and standard deviation of all weights, and the weights themselves where a run records them.
void record_weights(const std::string& name, const std::vector<double>& weights);

// Run a network to a time.
template <class N>
void advance(N& network, const double end) {
    for (auto& object : network.objects) {
        object.first->set_interval(network.t, end);
        object.first->timestep[0] -= 1;
        object.first->tick();
    }
    network.run(end - network.t, NULL, 10.0);
    if (N::_globally_stopped) fail("interrupted");
    network.t = end;
}

// Run to each of the times in a file; check the network after each, and record at some. Monitors run at those alone. A
// plasticity clock ticks for the first time after one interval.
template <class N, class F>
void run(N& network, const std::set<void*>& plasticity_clocks, const std::set<F>& monitors,
         const std::function<void(double)>& check, const std::function<void()>& record) {
    const std::vector<double> pauses = values<double>("pauses"), records = values<double>("records");
    const auto objects = network.objects;
    if (goes_on()) network.t = values<double>("start")[0];
    for (const double pause : pauses) {
        network.objects.clear();
        for (const auto& object : objects) {
            const bool ticks = !plasticity_clocks.count(object.first) || network.t > 0.5 * static_cast<const Clock*>(object.first)->dt[0];
            if (ticks && !monitors.count(object.second)) network.objects.push_back(object);
        }
        if (pause > network.t) advance(network, pause);
        check(pause);
        if (!std::binary_search(records.begin(), records.end(), pause)) continue;
        record();
        for (const F monitor : monitors) monitor();
    }
}

}  // namespace run_inputs

#endif
