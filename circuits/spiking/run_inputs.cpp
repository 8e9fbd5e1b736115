// Files of a compiled run; see run_inputs.h. $STEERSMAN_RUN is its folder.
#include "run_inputs.h"
#ifdef __linux__
#include <csignal>
#include <sys/prctl.h>
// A parent that is killed cannot end the program: the program ends with it.
static const int ends_with_its_parent = prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif

namespace run_inputs {

static std::string path(const std::string& name) {
    const char* folder = std::getenv("STEERSMAN_RUN");
    if (!folder) fail("STEERSMAN_RUN is not set");
    return std::string(folder) + "/" + name;
}

void fail(const std::string& message) {
    std::cerr << message << std::endl;
    std::_Exit(3);
}

bool exists(const std::string& name) { return (bool)std::ifstream(path(name), std::ios::binary); }

bool goes_on() {
    static const bool started = exists("start");
    return started;
}

size_t size_of(const std::string& name) {
    std::ifstream file(path(name), std::ios::binary | std::ios::ate);
    if (!file) fail("cannot read " + name);
    return (size_t)file.tellg();
}

int size(const int index) {
    static const std::vector<int64_t> sizes = values<int64_t>("sizes");
    return (int)sizes[(size_t)index];
}

void read_bytes(const std::string& name, char* data, const size_t size) {
    std::ifstream file(path(name), std::ios::binary);
    if (size && !file.read(data, (std::streamsize)size)) fail("cannot read all of " + name);
}

void write(const std::string& name, const char* data, const size_t size, const bool append) {
    std::ofstream file(path("results/" + name), std::ios::binary | (append ? std::ios::app : std::ios::trunc));
    if (size) file.write(data, (std::streamsize)size);
    file.close();
    if (!file) fail("cannot write " + name + " (is the disk full?)");
}

void diverged(const std::string& name, const size_t index, const double time) {
    std::ofstream(path("results/diverged")) << name << " " << index << " " << time << std::endl;
    std::_Exit(4);
}

void Table::read(const std::string& name) {
    const std::vector<char> raw = run_inputs::values<char>(name);
    if (raw.size() < 32) fail(name + " is no table");
    std::memcpy(&rows, raw.data(), 8);
    std::memcpy(&columns, raw.data() + 8, 8);
    std::memcpy(&step, raw.data() + 16, 8);
    std::memcpy(&start, raw.data() + 24, 8);
    if (raw.size() != 32 + 8 * (size_t)(rows * columns)) fail(name + " is cut short");
    values.resize((size_t)(rows * columns));
    std::memcpy(values.data(), raw.data() + 32, raw.size() - 32);
}

void Philox::compute() {
    uint64_t a = block, b = step, c = kind, d = 0, k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        const unsigned __int128 first = (unsigned __int128)0xD2E7470EE14C6C93ULL * a;
        const unsigned __int128 second = (unsigned __int128)0xCA5A826395121157ULL * c;
        a = (uint64_t)(second >> 64) ^ b ^ k0, b = (uint64_t)second;
        c = (uint64_t)(first >> 64) ^ d ^ k1, d = (uint64_t)first;
        k0 += 0x9E3779B97F4A7C15ULL, k1 += 0xBB67AE8584CAA73BULL;
    }
    words[0] = a, words[1] = b, words[2] = c, words[3] = d;
}

double project_changes(const Table* read, const Table* control, const Table* removed, const Table* drift,
                       const std::vector<double>& requested, const std::vector<double>& weights,
                       std::vector<double>& permitted, const double dt) {
    const size_t n = requested.size();
    permitted = requested;
    if (read) {
        std::vector<double> along((size_t)read->columns, 0.0);
        for (size_t i = 0; i < n; i++)
            if (requested[i] != 0.0)
                for (size_t k = 0; k < along.size(); k++) along[k] += read->row(i)[k] * requested[i];
        const Table* directions = control ? control : removed;
        std::vector<size_t> moving;
        for (size_t k = 0; k < along.size(); k++)
            if (along[k] != 0.0) moving.push_back(k);
        for (size_t i = 0; i < n && (control || !moving.empty()); i++) {
            if (control) permitted[i] = 0.0;
            for (const size_t k : moving) permitted[i] += directions->row(i)[k] * along[k];
        }
    }
    for (size_t i = 0; drift && i < n; i++) {
        double velocity = 0.0;
        for (size_t j = 0; j < n; j++) velocity += drift->row(i)[j] * weights[j];
        permitted[i] += dt * velocity;
    }
    return 1.0;
}

Record& record_of(const std::string& name) {
    static std::map<std::string, Record> records;
    const auto found = records.find(name);
    if (found != records.end()) return found->second;
    Record& made = records[name];
    if (exists(name + ".recorded")) made.which = values<int64_t>(name + ".recorded");
    return made;
}

void record_weights(const std::string& name, const std::vector<double>& weights) {
    static const bool whole = values<char>("record_all")[0] != 0;
    const double n = (double)weights.size();
    double moments[2] = {0.0, 0.0};
    for (const double w : weights) moments[0] += w / n;
    for (const double w : weights) moments[1] += (w - moments[0]) * (w - moments[0]) / n;
    moments[1] = std::sqrt(moments[1]);
    write(name + ".moments", reinterpret_cast<const char*>(moments), sizeof moments, true);
    if (whole && !weights.empty())
        write(name + ".all", reinterpret_cast<const char*>(weights.data()), weights.size() * sizeof(double), true);
}

}  // namespace run_inputs
