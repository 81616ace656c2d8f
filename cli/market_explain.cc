// prooflode job explain: what happened to a job, step by step, as the coordinator's log has it.
#include <map>
#include <memory>
#include <set>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/race.h"
#include "cli/commands.h"
#include "cli/market_print.h"

namespace prooflode::cli {
namespace {

struct ExplainOptions {
  MarketOptions market;
  std::string id;
};

std::string Text(v1::Reason reason) { return ReasonText(static_cast<Reason>(reason)); }
std::string MinerText(const std::string& key) { return "miner " + HexEncode(AsBytes(key)).substr(0, 12); }
std::string MsText(int64_t us) { return absl::StrFormat("%.1f ms", static_cast<double>(us) / 1e3); }

std::string CountText(uint64_t count, const char* what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

// "2 race full, 1 draining"; "" for none.
template <typename Counts>
std::string CountsText(const Counts& counts) {
  std::vector<std::string> parts;
  for (const v1::ReasonCount& c : counts) parts.push_back(absl::StrCat(c.count(), " ", Text(c.reason())));
  return absl::StrJoin(parts, ", ");
}

// The whole answer: the coordinator gives a long story in pieces.
StatusOr<v1::ExplainJobResponse> Fetch(const std::string& id, Market& market) {
  v1::ExplainJobRequest request;
  PL_ASSIGN_OR_RETURN(*request.mutable_job_id(), ParseJobId(id));
  google::protobuf::RepeatedPtrField<v1::JobStep> steps;
  while (true) {
    auto part = market.client->ExplainJob(request);
    PL_RETURN_IF_ERROR(Remote(part.status(), "job " + id));
    for (v1::JobStep& step : *part->mutable_steps()) *steps.Add() = std::move(step);
    if (part->next_leaf_index() <= request.from_leaf_index()) {
      part->mutable_steps()->Swap(&steps);
      return *std::move(part);
    }
    request.set_from_leaf_index(part->next_leaf_index());
  }
}

class Story {
 public:
  Story(const v1::ExplainJobResponse& response, const Market& market) : response_(response), market_(market) {
    for (const v1::Attempt& a : response.attempts()) attempts_[a.attempt_id()] = &a;
  }

  std::vector<std::vector<std::string>> Rows() {
    rows_ = {{"TIME", "AFTER", "LEAF", "WHAT"}};
    for (const v1::JobStep& step : response_.steps()) {
      const double after_s = static_cast<double>(step.time_us() - response_.job().posted_at_us()) / 1e6;
      std::vector<std::string> what = WhatOf(step);
      if (what.empty()) what = {step.command()};
      rows_.push_back({TimeText(step.time_us()), absl::StrFormat("%.3f s", after_s),
                       absl::StrCat(step.leaf_index()), what[0]});
      for (size_t i = 1; i < what.size(); ++i) rows_.push_back({"", "", "", what[i]});
      if (step.command() == "post-job") AddOffers();
    }
    return std::move(rows_);
  }

 private:
  void AddOffers() {
    rows_.push_back({"", "", "", "offered " + CountText(response_.offers_sent(), "time")});
    if (response_.declined_size() > 0) {
      rows_.push_back({"", "", "", "declined by miners: " + CountsText(response_.declined())});
    }
    if (response_.refused_size() > 0) {
      rows_.push_back({"", "", "", "no place given: " + CountsText(response_.refused())});
    }
  }

  std::vector<std::string> WhatOf(const v1::JobStep& step) {
    std::vector<std::string> what;
    if (step.command() == "post-job") what.push_back("posted, " + Printable(response_.job().circuit_name()));
    if (step.command() == "cancel-job") what.push_back("cancelled by the requester");
    if (step.has_valid()) what.push_back(step.valid() ? "verdict: valid" : "verdict: invalid");
    if (step.command() == "admit" && step.attempts().empty()) what.push_back(AskingText(step));
    if (step.command() == "withdraw-candidacy") what.push_back(MinerText(step.miner()) + " withdraws");
    for (const auto& draw : step.draws()) AddDraw(draw, what);
    for (const auto& change : step.attempts()) what.push_back(ChangeText(step, change));
    if (step.job_state() != v1::JOB_STATE_UNSPECIFIED && step.job_state() != state_) {
      if (state_ != v1::JOB_STATE_UNSPECIFIED) what.push_back("job " + StateText(step.job_state()));
      state_ = step.job_state();
    }
    for (const auto& payment : step.payments()) {
      what.push_back(absl::StrCat(KindText(payment.kind()), " ", market_.AmountText(payment.amount_units()),
                                  ": ", Printable(payment.debit_account()), " to ",
                                  Printable(payment.credit_account())));
    }
    return what;
  }

  static std::string AskingText(const v1::JobStep& step) {
    const std::string text = MinerText(step.miner()) + " asks for a place";
    if (step.predicted_us() == 0) return text;
    return absl::StrCat(text, ", expects to take ", MsText(step.predicted_us()));
  }

  // Everybody who got a place; of the others a few.
  static void AddDraw(const v1::JobStep::Draw& draw, std::vector<std::string>& what) {
    constexpr int kLosersShown = 10;
    const std::string name = absl::StrCat("draw ", draw.number() + 1, ": ");
    if (draw.candidates().empty()) return what.push_back(name + "nobody is a candidate any more");
    what.push_back(absl::StrCat(name, CountText(static_cast<uint64_t>(draw.candidates_size()), "candidate"),
                                " for ", CountText(draw.places(), "place")));
    // Places went to others only when all were taken; else the market refused this one at its turn.
    uint32_t taken = 0;
    int losers = 0;
    for (const auto& candidate : draw.candidates()) {
      const bool passed_over = !candidate.admitted() && taken < draw.places();
      taken += candidate.admitted() ? 1 : 0;
      if (!candidate.admitted() && ++losers > kLosersShown) continue;
      what.push_back(absl::StrCat(
          MinerText(candidate.miner()), candidate.admitted() ? " drawn, with " : " not drawn, with ",
          CountText(candidate.tickets(), "ticket"),
          passed_over ? ": passed over, its balance did not cover the collateral" : ""));
    }
    if (losers > kLosersShown) what.push_back(absl::StrCat(losers - kLosersShown, " more not drawn"));
  }

  std::string ChangeText(const v1::JobStep& step, const v1::JobStep::AttemptChange& change) {
    // A holder's lateness is all that time changes of an attempt that goes on.
    const bool known = !seen_.insert(change.attempt_id()).second;
    if (known && step.command() == "tick" && change.state() == v1::ATTEMPT_STATE_ADMITTED) {
      return MinerText(change.miner()) + " late: a second miner is admitted beside it";
    }
    std::string text = MinerText(change.miner()) + " " + StateText(change.state());
    if (step.command() == "holder-silent") return text + ": nothing was heard of it, its place is free";
    if (change.reason() != v1::REASON_UNSPECIFIED) text += ": " + Text(change.reason());
    const auto attempt = attempts_.find(change.attempt_id());
    if (attempt == attempts_.end() || change.state() != v1::ATTEMPT_STATE_LOST) return text;
    // Without a commit it is no distance: only when this one was told to stop.
    if (attempt->second->committed_at_us() == 0) return text + ", no commit when told to stop";
    return absl::StrCat(text, ", ", MsText(attempt->second->behind_winner_us()), " behind the winner");
  }

  const v1::ExplainJobResponse& response_;
  const Market& market_;
  std::map<std::string, const v1::Attempt*> attempts_;
  std::set<std::string> seen_;  // attempts
  v1::JobState state_ = v1::JOB_STATE_UNSPECIFIED;
  std::vector<std::vector<std::string>> rows_;
};

template <typename Counts>
Json CountsJson(const Counts& counts) {
  Json json = Json::object();
  for (const v1::ReasonCount& c : counts) json[ReasonName(static_cast<Reason>(c.reason()))] = c.count();
  return json;
}

Json StepJson(const v1::JobStep& step, const Market& market) {
  Json attempts = Json::array();
  for (const auto& change : step.attempts()) {
    attempts.push_back({{"attempt_id", HexEncode(AsBytes(change.attempt_id()))},
                        {"miner", HexEncode(AsBytes(change.miner()))},
                        {"state", StateText(change.state())},
                        {"reason", ReasonName(static_cast<Reason>(change.reason()))}});
  }
  Json payments = Json::array();
  for (const auto& payment : step.payments()) {
    payments.push_back({{"kind", KindText(payment.kind())},
                        {"amount_units", payment.amount_units()},
                        {"amount", market.AmountText(payment.amount_units())},
                        {"debit", payment.debit_account()},
                        {"credit", payment.credit_account()}});
  }
  Json draws = Json::array();
  for (const auto& draw : step.draws()) {
    Json candidates = Json::array();
    for (const auto& candidate : draw.candidates()) {
      candidates.push_back({{"miner", HexEncode(AsBytes(candidate.miner()))},
                            {"tickets", candidate.tickets()},
                            {"admitted", candidate.admitted()}});
    }
    draws.push_back({{"number", draw.number()}, {"places", draw.places()}, {"candidates", candidates}});
  }
  Json json = {{"leaf_index", step.leaf_index()},
               {"time_us", step.time_us()},
               {"command", step.command()},
               {"attempts", attempts},
               {"draws", draws},
               {"payments", payments}};
  if (!step.miner().empty()) json["miner"] = HexEncode(AsBytes(step.miner()));
  if (step.predicted_us() > 0) json["predicted_us"] = step.predicted_us();
  if (step.job_state() != v1::JOB_STATE_UNSPECIFIED) json["job_state"] = StateText(step.job_state());
  if (step.has_valid()) json["valid"] = step.valid();
  return json;
}

Status Explain(const ExplainOptions& options, Market& market) {
  PL_ASSIGN_OR_RETURN(const v1::ExplainJobResponse response, Fetch(options.id, market));
  if (!options.market.json) {
    PrintJob(response.job(), market);
    PrintTable(Story(response, market).Rows());
    return absl::OkStatus();
  }
  Json json = ToJson(response.job(), market);
  json["attempts"] = Json::array();
  for (const v1::Attempt& a : response.attempts()) json["attempts"].push_back(ToJson(a));
  json["offers_sent"] = response.offers_sent();
  json["declined"] = CountsJson(response.declined());
  json["refused"] = CountsJson(response.refused());
  json["steps"] = Json::array();
  for (const v1::JobStep& step : response.steps()) json["steps"].push_back(StepJson(step, market));
  PrintJson(json);
  return absl::OkStatus();
}

}  // namespace

void AddJobExplain(CLI::App& job, Session& session) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = AddCommand(
      job, session, "explain", "Tell what happened to a job, step by step",
      "From the coordinator's log: who was admitted, committed, revealed, won and lost,\n"
      "and by how much; how often it was offered, and why miners did not take it.\n\n"
      "Example:\n  prooflode job explain 0123…",
      [options, &session] {
        return RunMarket([&]() -> Status {
          PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options->market, v1::ROLE_REQUESTER, session));
          return Explain(*options, *market);
        });
      });
  command->add_option("JOB", options->id, "Job id, 32 hexadecimal digits")
      ->required()
      ->check(Understood(ParseJobId));
  AddMarketFlags(*command, options->market);
}

}  // namespace prooflode::cli
