// What a compiled run is told: values read from files of a folder. What it says: values written to files beside them.
// It is included before everything else, so that it can be precompiled together with the standard library.
#ifndef STEERSMAN_GIVEN_H
#define STEERSMAN_GIVEN_H

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

namespace given {

// Function of time and neuron: row k holds from k·step on, the last one for ever.
struct Table {
    std::vector<double> values;
    int64_t rows = 0, columns = 0;
    double step = 1.0;
    inline double operator()(const double t, const int64_t i) const {
        const int64_t row = (int64_t)(t / step + 1e-6);
        return values[(size_t)((row < rows ? row : rows - 1) * columns + i)];
    }
};
extern Table tables[64];
extern std::vector<double> heard[64];

[[noreturn]] void fail(const std::string& message);
std::vector<char> bytes(const std::string& name);
void put(const std::string& name, const char* data, size_t size, bool append = false);
void read_table(const std::string& name, int which);
[[noreturn]] void diverged(const std::string& name, size_t index, double time);

// The exponent says whether a number is finite, also where the compiler is told that all are.
inline bool is_finite(const double x) {
    uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7ff0000000000000ULL) != 0x7ff0000000000000ULL;
}

// What a synapse says is added up along each direction (table `read`, a row per synapse), or kept as it is (-1).
inline double listen(const int read, const int which, const int64_t i, const double x) {
    std::vector<double>& sum = heard[which];
    if (read < 0) {
        if (i == 0) sum.assign((size_t)tables[which].columns, 0.0);
        sum[(size_t)i] = x;
        return x;
    }
    const Table& table = tables[read];
    if (i == 0) sum.assign((size_t)table.columns, 0.0);
    if (x != 0.0)
        for (int64_t k = 0; k < table.columns; k++) sum[(size_t)k] += table.values[(size_t)(i * table.columns + k)] * x;
    return x;
}

// What a synapse gets of all that was said: its row of a table times the sums.
inline double grant(const int which, const int64_t i) {
    const Table& table = tables[which];
    double found = 0.0;
    for (int64_t k = 0; k < table.columns; k++) found += table.values[(size_t)(i * table.columns + k)] * heard[which][(size_t)k];
    return found;
}

// Fill n elements with the values of a file, or all of them with its only one.
template <class T>
void read(const std::string& name, T* data, const size_t n) {
    const std::vector<char> raw = bytes(name);
    if (raw.size() == n * sizeof(T)) {
        std::memcpy(data, raw.data(), raw.size());
    } else if (raw.size() == sizeof(T)) {
        std::fill(data, data + n, *reinterpret_cast<const T*>(raw.data()));
    } else {
        fail(name + " has " + std::to_string(raw.size() / sizeof(T)) + " values, wanted are " + std::to_string(n));
    }
}

template <class A>
void read_all(const std::string& name, A& array) {
    if (array.size()) read(name, &array[0], (size_t)array.size());
}

// Take as many elements as there are values in a file.
template <class A>
void read_any(const std::string& name, A& array) {
    typedef typename std::decay<decltype(array[0])>::type T;
    const std::vector<char> raw = bytes(name);
    array.resize(raw.size() / sizeof(T));
    if (raw.size()) std::memcpy(&array[0], raw.data(), raw.size());
}

// Connect the neurons that two files name: ends, numbers of synapses, and room for all variables of the synapses.
template <class A, class B>
void connect(const std::string& name, A& pre, A& post, B& outgoing, B& incoming, int32_t* count,
             const std::function<void(size_t)>& resize) {
    read_any(name + ".sources", pre);
    read_any(name + ".targets", post);
    const size_t n = (size_t)pre.size();
    if ((size_t)post.size() != n) fail(name + " has as many sources as targets");
    std::fill(&outgoing[0], &outgoing[0] + outgoing.size(), 0);
    std::fill(&incoming[0], &incoming[0] + incoming.size(), 0);
    for (size_t k = 0; k < n; k++) {
        outgoing[pre[k]]++;
        incoming[post[k]]++;
    }
    count[0] = (int32_t)n;
    resize(n);
}

template <class A>
void save(const std::string& name, A& array) {
    put(name, array.size() ? reinterpret_cast<const char*>(&array[0]) : nullptr, array.size() * sizeof(array[0]));
}

template <class T>
void save(const std::string& name, const T* data, const size_t n) {
    put(name, reinterpret_cast<const char*>(data), n * sizeof(T));
}

// Rows of a record that grows while the run goes on.
template <class A>
void save_rows(const std::string& name, A& array, const int rows, const int columns) {
    std::vector<double> row((size_t)columns);
    put(name, nullptr, 0);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) row[(size_t)j] = (double)array(i, j);
        put(name, reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double), true);
    }
}

template <class T>
void check(const std::string& name, const T* data, const size_t n, const double time) {
    for (size_t i = 0; i < n; i++)
        if (!is_finite((double)data[i])) diverged(name, i, time);
}

// Append mean and standard deviation of all elements, and the elements themselves where a run asks for them.
template <class A>
void record(const std::string& name, A& array) {
    static std::map<std::string, bool> whole;
    if (!whole.count(name)) whole[name] = bytes("record_all")[0] != 0;
    const size_t n = (size_t)array.size();
    double moments[2] = {0.0, 0.0};
    for (size_t i = 0; i < n; i++) moments[0] += array[i] / (double)n;
    for (size_t i = 0; i < n; i++) moments[1] += (array[i] - moments[0]) * (array[i] - moments[0]) / (double)n;
    moments[1] = std::sqrt(moments[1]);
    put(name + ".moments", reinterpret_cast<const char*>(moments), sizeof moments, true);
    if (whole[name] && n) put(name + ".all", reinterpret_cast<const char*>(&array[0]), n * sizeof(double), true);
}

// Run to a time; Brian2 has written times of its own into the program.
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

// Run to each of the times in a file; look at the network after each, and keep a record at some.
template <class N>
void run(N& network, const std::string& name, const std::function<void(double)>& look,
         const std::function<void()>& keep) {
    std::vector<double> ends, records;
    read_any(name, ends);
    read_any("records", records);
    for (const double end : ends) {
        if (end > network.t) advance(network, end);
        look(end);
        if (std::binary_search(records.begin(), records.end(), end)) keep();
    }
}

}  // namespace given

#endif
