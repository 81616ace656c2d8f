// prooflode account statement
#include <ctime>
#include <memory>

#include "base/amount_text.h"
#include "cli/commands.h"
#include "cli/market_account.h"
#include "cli/market_print.h"

namespace prooflode::cli {
namespace {

struct StatementOptions {
  MarketOptions market;
  std::string owner;
  std::string from;
  std::string until;
  bool as_operator = false;
  bool csv = false;
};

// "2026-11-22" or "2026-11-22T10:05:00Z", in UTC.
StatusOr<int64_t> ParseTime(const std::string& text) {
  for (const char* form : {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"}) {
    tm parts{};
    const char* rest = strptime(text.c_str(), form, &parts);
    if (rest != nullptr && *rest == '\0') return int64_t{timegm(&parts)} * 1'000'000;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("time \"", text, "\": want 2026-11-22 or 2026-11-22T10:05:00Z"));
}

struct Statement {
  v1::Balances opening;
  std::vector<v1::StatementLine> lines;
  v1::Balances closing;
};

StatusOr<Statement> Fetch(const StatementOptions& options, Market& market) {
  v1::GetStatementRequest request;
  if (!options.owner.empty()) {
    PL_ASSIGN_OR_RETURN(*request.mutable_owner(), ParseKeyText(options.owner));
  }
  if (!options.from.empty()) {
    PL_ASSIGN_OR_RETURN(const int64_t from, ParseTime(options.from));
    request.set_from_us(from);
  }
  if (!options.until.empty()) {
    PL_ASSIGN_OR_RETURN(const int64_t until, ParseTime(options.until));
    request.set_until_us(until);
  }
  if (request.until_us() != 0 && request.until_us() < request.from_us()) {
    return Usage(absl::InvalidArgumentError(
        absl::StrCat("--to: ", options.until, ", want nothing before --from ", options.from)));
  }
  request.set_page_size(1000);
  Statement statement;
  do {
    const bool first = request.page_token().empty();
    const auto response = market.client->GetStatement(request);
    PL_RETURN_IF_ERROR(Remote(response.status()));
    if (first) statement.opening = response->opening();
    statement.lines.insert(statement.lines.end(), response->lines().begin(), response->lines().end());
    statement.closing = response->closing();
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  return statement;
}

Json ToJson(const v1::Balances& b, const Market& market) {
  return {{"available", AmountJson(b.available_units(), market)},
          {"escrow", AmountJson(b.escrow_units(), market)},
          {"collateral", AmountJson(b.stake_units(), market)},
          {"withdrawing", AmountJson(b.withdrawing_units(), market)}};
}

void PrintAsJson(const Statement& statement, const Market& market) {
  Json lines = Json::array();
  for (const v1::StatementLine& line : statement.lines) {
    Json json = ToJson(line.transfer(), market);
    json["after"] = ToJson(line.after(), market);
    lines.push_back(std::move(json));
  }
  PrintJson({{"asset", {{"name", market.asset.name()}, {"decimals", market.asset.decimals()}}},
             {"opening", ToJson(statement.opening, market)},
             {"lines", std::move(lines)},
             {"closing", ToJson(statement.closing, market)}});
}

std::string Number(uint64_t units, const Market& market) {
  return FormatAmount(Amount{units}, std::min<uint32_t>(market.asset.decimals(), kAssetDecimalsMax));
}

// A reference may hold commas and quotes.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

void PrintAsCsv(const Statement& statement, const Market& market) {
  PrintLine(
      "time,kind,amount,available,escrow,collateral,withdrawing,asset,job,debit,credit,reference,transfer");
  const auto row = [&](const std::string& time, const std::string& kind, const std::string& amount,
                       const v1::Balances& b, const std::string& rest) {
    PrintLine(absl::StrCat(time, ",", kind, ",", amount, ",", Number(b.available_units(), market), ",",
                           Number(b.escrow_units(), market), ",", Number(b.stake_units(), market), ",",
                           Number(b.withdrawing_units(), market), ",", market.asset.name(), ",", rest));
  };
  row("", "opening", "", statement.opening, ",,,,");
  for (const v1::StatementLine& line : statement.lines) {
    const v1::Transfer& t = line.transfer();
    row(TimeText(t.time_us()), KindText(t.kind()), Number(t.amount_units(), market), line.after(),
        absl::StrCat(HexEncode(AsBytes(t.job_id())), ",", t.debit_account(), ",", t.credit_account(), ",",
                     Quoted(t.external_reference()), ",", t.transfer_id()));
  }
  row("", "closing", "", statement.closing, ",,,,");
}

void PrintForPeople(const Statement& statement, const Market& market) {
  std::vector<std::vector<std::string>> rows = {
      {"TIME", "KIND", "AMOUNT", "AVAILABLE", "ESCROW", "COLLATERAL", "WITHDRAWING", "JOB", "REFERENCE"}};
  const auto row = [&](const std::string& time, const std::string& kind, const std::string& amount,
                       const v1::Balances& b, const std::string& job, const std::string& reference) {
    rows.push_back({time, kind, amount, Number(b.available_units(), market), Number(b.escrow_units(), market),
                    Number(b.stake_units(), market), Number(b.withdrawing_units(), market), job, reference});
  };
  row("", "opening", "", statement.opening, "", "");
  for (const v1::StatementLine& line : statement.lines) {
    const v1::Transfer& t = line.transfer();
    row(TimeText(t.time_us()), KindText(t.kind()), market.AmountText(t.amount_units()), line.after(),
        HexEncode(AsBytes(t.job_id())), Printable(t.external_reference()));
  }
  row("", "closing", "", statement.closing, "", "");
  PrintTable(rows);
}

Status ShowStatement(const StatementOptions& options, Market& market) {
  PL_ASSIGN_OR_RETURN(const Statement statement, Fetch(options, market));
  if (options.csv) {
    PrintAsCsv(statement, market);
  } else if (options.market.json) {
    PrintAsJson(statement, market);
  } else {
    PrintForPeople(statement, market);
  }
  return absl::OkStatus();
}

}  // namespace

void AddStatement(CLI::App& account, Session& session) {
  auto options = std::make_shared<StatementOptions>();
  CLI::App* statement = AddCommand(
      account, session, "statement", "What was there, every movement, and what is there now",
      "Example:\n  prooflode account statement --from 2026-11-01 --to 2026-12-01 --csv", [options, &session] {
        return RunMarket([&]() -> Status {
          const v1::Role role = options->as_operator ? v1::ROLE_OPERATOR : v1::ROLE_REQUESTER;
          PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options->market, role, session));
          return ShowStatement(*options, *market);
        });
      });
  statement->add_option("--from", options->from, "First day or moment (UTC) that belongs to it")
      ->check(Understood(ParseTime));
  statement->add_option("--to", options->until, "First day or moment (UTC) that does not")
      ->check(Understood(ParseTime));
  statement->add_flag("--csv", options->csv, "Comma-separated values");
  CLI::Option* as_operator = statement->add_flag("--operator", options->as_operator, "Log in as an operator");
  statement->add_option("--owner", options->owner, "Another's account (operators)")
      ->needs(as_operator)
      ->check(Understood(ParseKeyText));
  AddMarketFlags(*statement, options->market);
}

}  // namespace prooflode::cli
