#include "cli/market_print.h"

#include <algorithm>
#include <cctype>
#include <limits>

#include "absl/numeric/int128.h"
#include "absl/strings/str_format.h"

namespace prooflode::cli {
namespace {

std::string Hex(const std::string& bytes) { return HexEncode(AsBytes(bytes)); }

std::string WithoutPrefix(std::string name, size_t prefix) {
  name.erase(0, std::min(prefix, name.size()));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

std::string SetupLine(const v1::Circuit& c) {
  if (c.insecure_setup())
    return "INSECURE test setup (gamma = ±delta): anybody can forge proofs for this key";
  if (c.setup_contributions() == 0) return "by a single party: it can forge proofs for this key";
  return absl::StrFormat("ceremony of %d contributions, as the key says; one honest one is enough",
                         c.setup_contributions());
}

std::string PolicyText(const v1::Policy& policy) {
  if (policy.has_lease())
    return absl::StrFormat("%slease of %.1f s", policy.lease().hedged() ? "hedged " : "",
                           static_cast<double>(policy.lease().lease_us()) / 1e6);
  const uint32_t width = policy.race().width();
  return width == 0 ? "race of everybody" : absl::StrFormat("race of %d", width);
}

}  // namespace

std::string SetupText(const v1::Circuit& c) {
  if (c.insecure_setup()) return "insecure";
  return c.setup_contributions() == 0 ? "single-party" : "ceremony";
}

uint64_t RewardPer1000(const v1::Job& j) {
  if (j.work_units() == 0) return 0;
  const absl::uint128 price = absl::uint128(j.reward_units()) * 1000 / j.work_units();
  return static_cast<uint64_t>(std::min<absl::uint128>(price, std::numeric_limits<uint64_t>::max()));
}

std::string PriceText(const v1::Job& j, const Market& market) {
  return j.work_units() == 0 ? "-" : market.AmountText(RewardPer1000(j));
}

Json AmountJson(uint64_t units, const Market& market) {
  return {{"units", units}, {"text", market.AmountText(units)}};
}

std::string StateText(v1::JobState state) { return WithoutPrefix(v1::JobState_Name(state), 10); }
std::string StateText(v1::AttemptState state) { return WithoutPrefix(v1::AttemptState_Name(state), 14); }

std::string StateText(v1::WithdrawalState state) {
  return WithoutPrefix(v1::WithdrawalState_Name(state), 17);
}
std::string KindText(v1::TransferKind kind) { return WithoutPrefix(v1::TransferKind_Name(kind), 14); }

std::string RacersText(const v1::Job& j) {
  return absl::StrFormat("%d %s, %d %s", j.racer_count(),
                         j.state() == v1::JOB_STATE_OPEN ? "racing" : "raced", j.commit_count(),
                         j.commit_count() == 1 ? "commit" : "commits");
}

std::string Printable(const std::string& text) {
  std::string out = text;
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = '?';
  }
  return out;
}

Json ToJson(const v1::Circuit& c) {
  return {{"circuit_id", Hex(c.circuit_id())},
          {"name", c.name()},
          {"zkey_digest", Hex(c.zkey_digest())},
          {"zkey_bytes", c.zkey_bytes()},
          {"domain_size", c.domain_size()},
          {"variables", c.variable_count()},
          {"public_inputs", c.public_input_count()},
          {"owner", Hex(c.owner())},
          {"registered_at_us", c.registered_at_us()},
          {"insecure_setup", c.insecure_setup()},
          {"setup", SetupText(c)},
          {"setup_contributions", c.setup_contributions()},
          {"security_bits", c.security_bits()},
          {"work_units", c.work_units()},
          {"mirrors", Json(std::vector<std::string>(c.mirrors().begin(), c.mirrors().end()))}};
}

Json ToJson(const v1::Job& j, const Market& market) {
  return {{"job_id", Hex(j.job_id())},
          {"circuit", j.circuit_name()},
          {"state", StateText(j.state())},
          {"reward", AmountJson(j.reward_units(), market)},
          {"work_units", j.work_units()},
          {"reward_per_1000_work_units", AmountJson(RewardPer1000(j), market)},
          {"fee", AmountJson(j.fee_units(), market)},
          {"collateral", AmountJson(j.collateral_units(), market)},
          {"bounty", AmountJson(j.bounty_units(), market)},
          {"policy", PolicyText(j.policy())},
          {"posted_at_us", j.posted_at_us()},
          {"deadline_at_us", j.deadline_at_us()},
          {"draw_at_us", j.draw_at_us()},
          {"draw_seed", Hex(j.draw_seed())},
          {"racers", j.racer_count()},
          {"commits", j.commit_count()},
          {"winner", Hex(j.winner())},
          {"delivered_at_us", j.delivered_at_us()},
          {"settled_at_us", j.settled_at_us()},
          {"margin_us", j.margin_us()},
          {"revision", j.revision()}};
}

Json ToJson(const v1::Attempt& a) {
  return {{"attempt_id", Hex(a.attempt_id())},
          {"miner", Hex(a.miner())},
          {"state", StateText(a.state())},
          {"admitted_at_us", a.admitted_at_us()},
          {"predicted_us", a.predicted_us()},
          {"late", a.late()},
          {"committed_at_us", a.committed_at_us()},
          {"commit_leaf_index", a.commit_leaf_index()},
          {"behind_winner_us", a.behind_winner_us()},
          {"reason", v1::Reason_Name(a.reason())}};
}

Json ToJson(const v1::Account& a, const Market& market) {
  return {{"owner", Hex(a.owner())},
          {"available", AmountJson(a.available_units(), market)},
          {"escrow", AmountJson(a.escrow_units(), market)},
          {"collateral", AmountJson(a.stake_units(), market)},
          {"withdrawing", AmountJson(a.withdrawing_units(), market)},
          {"asset", {{"name", a.asset().name()}, {"decimals", a.asset().decimals()}}}};
}

Json ToJson(const v1::Withdrawal& w, const Market& market) {
  return {{"withdrawal_id", w.withdrawal_id()},
          {"owner", Hex(w.owner())},
          {"state", StateText(w.state())},
          {"amount", AmountJson(w.amount_units(), market)},
          {"external_reference", w.external_reference()},
          {"requested_at_us", w.requested_at_us()},
          {"ended_at_us", w.ended_at_us()},
          {"payment_reference", w.payment_reference()},
          {"note", w.note()}};
}

Json ToJson(const v1::Transfer& t, const Market& market) {
  return {{"transfer_id", t.transfer_id()},
          {"kind", KindText(t.kind())},
          {"time_us", t.time_us()},
          {"amount", AmountJson(t.amount_units(), market)},
          {"debit_account", t.debit_account()},
          {"credit_account", t.credit_account()},
          {"job_id", Hex(t.job_id())},
          {"external_reference", t.external_reference()}};
}

void PrintCircuit(const v1::Circuit& c) {
  PrintLine("name:          " + Printable(c.name()));
  PrintLine("circuit:       " + Hex(c.circuit_id()));
  PrintLine(absl::StrFormat("size:          domain %d, %d variables, %d public inputs", c.domain_size(),
                            c.variable_count(), c.public_input_count()));
  PrintLine("key:           " + HumanBytes(c.zkey_bytes()) + ", sha256 " + Hex(c.zkey_digest()));
  PrintLine("registered:    " + TimeText(c.registered_at_us()) + " by " + Hex(c.owner()));
  PrintLine(absl::StrFormat("work:          %d units a proof", c.work_units()));
  PrintLine(absl::StrFormat("security:      %d bits", c.security_bits()));
  PrintLine("setup:         " + SetupLine(c));
  for (const std::string& url : c.mirrors()) PrintLine("mirror:        " + Printable(url));
}

void PrintJob(const v1::Job& j, const Market& market) {
  PrintLine("job:        " + Hex(j.job_id()));
  PrintLine("circuit:    " + Printable(j.circuit_name()));
  PrintLine("state:      " + StateText(j.state()));
  PrintLine("reward:     " + market.AmountText(j.reward_units()) + " plus fee " +
            market.AmountText(j.fee_units()) + ", " + PolicyText(j.policy()));
  PrintLine(absl::StrFormat("work:       %d units, %s for 1000", j.work_units(), PriceText(j, market)));
  if (j.collateral_units() > 0) {
    PrintLine("collateral: " + market.AmountText(j.collateral_units()) + " from each miner, bounty " +
              market.AmountText(j.bounty_units()));
  }
  PrintLine("posted:     " + TimeText(j.posted_at_us()) + ", deadline " + TimeText(j.deadline_at_us()));
  PrintLine("miners:     " + RacersText(j));
  if (!j.winner().empty()) {
    PrintLine("winner:     " + Hex(j.winner()));
    const double after_s = static_cast<double>(j.delivered_at_us() - j.posted_at_us()) / 1e6;
    PrintLine(absl::StrFormat("delivered:  %.2f s after posting", after_s));
  }
}

void PrintTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += i + 1 < row.size() ? absl::StrFormat("%-*s  ", static_cast<int>(widths[i]), row[i]) : row[i];
    }
    PrintLine(line);
  }
}

void PrintList(const MarketOptions& options, const std::vector<std::vector<std::string>>& rows,
               const Json& all) {
  if (options.json) return PrintJson(all);
  PrintTable(rows);
}

}  // namespace prooflode::cli
