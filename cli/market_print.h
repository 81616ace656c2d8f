// How market commands show what the coordinator answered: rows for people, the same facts as JSON.
#pragma once

#include <string>
#include <vector>

#include "cli/market_session.h"

namespace prooflode::cli {

// "open", "won": the protocol's names without prefix, in lower case.
std::string StateText(v1::JobState state);
std::string StateText(v1::AttemptState state);
std::string StateText(v1::WithdrawalState state);
std::string KindText(v1::TransferKind kind);
// "2 racing, 1 commit", or "2 raced, …" once no more commits are taken.
std::string RacersText(const v1::Job& job);

Json ToJson(const v1::Circuit& circuit);
Json ToJson(const v1::Job& job, const Market& market);
Json ToJson(const v1::Attempt& attempt);
Json ToJson(const v1::Account& account, const Market& market);
Json ToJson(const v1::Transfer& transfer, const Market& market);
Json ToJson(const v1::Withdrawal& withdrawal, const Market& market);
// In smallest units, and in words with the asset's name.
Json AmountJson(uint64_t units, const Market& market);

// "key: value" lines.
void PrintCircuit(const v1::Circuit& circuit);
void PrintJob(const v1::Job& job, const Market& market);

// Columns as wide as their widest cell; the first row is the heading.
void PrintTable(const std::vector<std::vector<std::string>>& rows);
// The one or, with --json, the other form of the same list.
void PrintList(const MarketOptions& options, const std::vector<std::vector<std::string>>& rows,
               const Json& all);

// Names come from strangers: what a terminal would act on becomes '?'.
// How a circuit's key was made, as far as it tells: "insecure", "single-party", "ceremony".
std::string SetupText(const v1::Circuit& circuit);
// The reward for 1000 work units, rounded down; 0 where the circuit's work is not known.
uint64_t RewardPer1000(const v1::Job& job);
// The same for people; "-" where it is not known.
std::string PriceText(const v1::Job& job, const Market& market);
std::string Printable(const std::string& text);

}  // namespace prooflode::cli
