// Files of a compiled run; see given.h. $STEERSMAN_RUN is its folder.
#include "given.h"
#ifdef __linux__
#include <csignal>
#include <sys/prctl.h>
// Who is killed cannot end the program that it runs: the program ends with it.
static const int ends_with_its_parent = prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif

namespace given {

Table tables[64];
std::vector<double> heard[64];

static std::string path(const std::string& name) {
    const char* folder = std::getenv("STEERSMAN_RUN");
    if (!folder) fail("STEERSMAN_RUN is not set");
    return std::string(folder) + "/" + name;
}

void fail(const std::string& message) {
    std::cerr << message << std::endl;
    std::_Exit(3);
}

std::vector<char> bytes(const std::string& name) {
    std::ifstream file(path(name), std::ios::binary | std::ios::ate);
    if (!file) fail("cannot read " + name);
    std::vector<char> found((size_t)file.tellg());
    file.seekg(0);
    if (!found.empty() && !file.read(found.data(), (std::streamsize)found.size())) fail("cannot read all of " + name);
    return found;
}

void put(const std::string& name, const char* data, const size_t size, const bool append) {
    std::ofstream file(path("said/" + name), std::ios::binary | (append ? std::ios::app : std::ios::trunc));
    if (size) file.write(data, (std::streamsize)size);
    file.close();
    if (!file) fail("cannot write " + name + " (is the disk full?)");
}

void read_table(const std::string& name, const int which) {
    const std::vector<char> raw = bytes(name);
    Table& table = tables[which];
    if (raw.size() < 24) fail(name + " is no table");
    std::memcpy(&table.rows, raw.data(), 8);
    std::memcpy(&table.columns, raw.data() + 8, 8);
    std::memcpy(&table.step, raw.data() + 16, 8);
    if (raw.size() != 24 + 8 * (size_t)(table.rows * table.columns)) fail(name + " is cut short");
    table.values.resize((size_t)(table.rows * table.columns));
    std::memcpy(table.values.data(), raw.data() + 24, raw.size() - 24);
}

void diverged(const std::string& name, const size_t index, const double time) {
    std::ofstream(path("said/diverged")) << name << " " << index << " " << time << std::endl;
    std::_Exit(4);
}

}  // namespace given
