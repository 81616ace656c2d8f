// prooflode account show|deposit|transfers
#include "cli/market_account.h"

#include <memory>

#include "cli/commands.h"
#include "cli/market_print.h"

namespace prooflode::cli {
namespace {

struct AccountOptions {
  MarketOptions market;
  std::string owner;
  std::string amount;
  std::string reference;
  bool as_operator = false;
  uint32_t limit = 50;
};

using AccountCommand = Status (*)(const AccountOptions&, Market&);

void Show(const v1::Account& account, const AccountOptions& options, const Market& market) {
  if (options.market.json) return PrintJson(ToJson(account, market));
  PrintLine("owner:       " + HexEncode(AsBytes(account.owner())));
  PrintLine("available:   " + market.AmountText(account.available_units()));
  PrintLine("escrow:      " + market.AmountText(account.escrow_units()));
  PrintLine("collateral:  " + market.AmountText(account.stake_units()));
  PrintLine("withdrawing: " + market.AmountText(account.withdrawing_units()));
}

StatusOr<uint64_t> Units(const AccountOptions& options, const Market& market) {
  PL_ASSIGN_OR_RETURN(const Amount amount, ParseMarketAmount(options.amount, market));
  return Count(amount);
}

Status ShowAccount(const AccountOptions& options, Market& market) {
  v1::GetAccountRequest request;
  if (!options.owner.empty()) {
    PL_ASSIGN_OR_RETURN(*request.mutable_owner(), ParseKeyText(options.owner));
  }
  const auto response = market.client->GetAccount(request);
  PL_RETURN_IF_ERROR(Remote(response.status(), options.owner.empty() ? "" : "account " + options.owner));
  Show(response->account(), options, market);
  return absl::OkStatus();
}

Status Deposit(const AccountOptions& options, Market& market) {
  v1::DepositRequest request;
  PL_ASSIGN_OR_RETURN(*request.mutable_owner(), ParseKeyText(options.owner));
  PL_ASSIGN_OR_RETURN(const uint64_t units, Units(options, market));
  request.set_amount_units(units);
  request.set_external_reference(options.reference);
  const auto response = market.client->Deposit(std::move(request));
  PL_RETURN_IF_ERROR(Remote(response.status(), "account " + options.owner));
  Show(response->account(), options, market);
  return absl::OkStatus();
}

Status ListTransfers(const AccountOptions& options, Market& market) {
  v1::ListTransfersRequest request;
  if (!options.owner.empty()) {
    PL_ASSIGN_OR_RETURN(*request.mutable_owner(), ParseKeyText(options.owner));
  }
  Json all = Json::array();
  std::vector<std::vector<std::string>> rows = {{"TIME", "KIND", "AMOUNT", "JOB", "REFERENCE"}};
  uint32_t left = options.limit;
  do {
    request.set_page_size(std::min(left, 1000u));
    const auto response = market.client->ListTransfers(request);
    PL_RETURN_IF_ERROR(Remote(response.status()));
    for (const v1::Transfer& t : response->transfers()) {
      const Json json = ToJson(t, market);
      rows.push_back({TimeText(t.time_us()), json["kind"], market.AmountText(t.amount_units()),
                      json["job_id"], Printable(t.external_reference())});
      all.push_back(json);
    }
    left -= std::min<uint32_t>(left, static_cast<uint32_t>(response->transfers_size()));
    request.set_page_token(response->next_page_token());
  } while (left > 0 && !request.page_token().empty());
  PrintList(options.market, rows, all);
  return absl::OkStatus();
}

}  // namespace

void AddAccount(CLI::App& app, Session& session) {
  CLI::App* account =
      app.add_subcommand("account", "Money in a market: balances, deposits, withdrawals, statements");
  account->require_subcommand(1);
  auto options = std::make_shared<AccountOptions>();
  const auto body = [options, &session](AccountCommand run, bool minting) -> Body {
    return [=, &session] {
      return RunMarket([&]() -> Status {
        const v1::Role role = minting || options->as_operator ? v1::ROLE_OPERATOR : v1::ROLE_REQUESTER;
        PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options->market, role, session));
        return run(*options, *market);
      });
    };
  };
  CLI::App* show = AddCommand(*account, session, "show", "Balance and escrow",
                              "Example:\n  prooflode account show", body(ShowAccount, false));
  CLI::App* deposit = AddCommand(*account, session, "deposit", "Credit an account (operators only)",
                                 "Example:\n  prooflode account deposit 0123… 100 --reference wire-17\n"
                                 "A reference counts once: repeating it changes nothing.",
                                 body(Deposit, true));
  deposit->add_option("OWNER", options->owner, "Public key, 64 hexadecimal digits")
      ->required()
      ->check(Understood(ParseKeyText));
  CLI::App* transfers =
      AddCommand(*account, session, "transfers", "List transfers, the newest first",
                 "Example:\n  prooflode account transfers --json", body(ListTransfers, false));
  deposit->add_option("AMOUNT", options->amount, "In the market's asset, like 1.25")
      ->required()
      ->check(Understood(ParseAmountForm));
  deposit->add_option("--reference", options->reference, "1 to 128 printable ASCII characters")
      ->required()
      ->check(Understood(ParseReference));
  for (CLI::App* command : {show, transfers}) {
    CLI::Option* as_operator = command->add_flag("--operator", options->as_operator, "Log in as an operator");
    command->add_option("--owner", options->owner, "Another's account (operators)")
        ->needs(as_operator)
        ->check(Understood(ParseKeyText));
  }
  transfers->add_option("--limit", options->limit, "At most so many")
      ->check(CLI::Range(1u, kListMax))
      ->capture_default_str();
  for (CLI::App* command : {show, deposit, transfers}) AddMarketFlags(*command, options->market);
  AddWithdrawals(*account, session);
  AddStatement(*account, session);
}

}  // namespace prooflode::cli
