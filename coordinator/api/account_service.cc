#include "coordinator/api/account_service.h"

#include "absl/strings/numbers.h"
#include "coordinator/api/convert.h"

namespace prooflode::api {
StatusOr<market::Identity> OwnerOf(const std::string& field, const Caller& caller) {
  if (field.empty()) return caller.identity;
  const market::Identity owner = IdentityOf(field);
  if (owner != caller.identity && caller.role != Role::kOperator) {
    return absl::PermissionDeniedError("owner: another identity, which only operators may ask about");
  }
  return owner;
}

AccountServiceImpl::AccountServiceImpl(Environment& environment)
    : environment_(environment),
      get_account_(environment.metrics, "AccountService", "GetAccount", "unary"),
      list_transfers_(environment.metrics, "AccountService", "ListTransfers", "unary"),
      deposit_(environment.metrics, "AccountService", "Deposit", "unary"),
      withdraw_(environment.metrics, "AccountService", "Withdraw", "unary"),
      list_withdrawals_(environment.metrics, "AccountService", "ListWithdrawals", "unary"),
      cancel_withdrawal_(environment.metrics, "AccountService", "CancelWithdrawal", "unary"),
      pay_withdrawal_(environment.metrics, "AccountService", "PayWithdrawal", "unary"),
      reject_withdrawal_(environment.metrics, "AccountService", "RejectWithdrawal", "unary"),
      get_statement_(environment.metrics, "AccountService", "GetStatement", "unary") {}

void AccountServiceImpl::FillAccount(const market::Market& market, const market::Identity& owner,
                                     v1::Account* out) const {
  const std::string hex = HexEncode(owner);
  out->set_owner(StringOf(owner));
  out->set_available_units(Count(market.ledger().Balance(ledger::Available(hex))));
  out->set_escrow_units(Count(market.ledger().Balance(ledger::Escrow(hex))));
  out->set_stake_units(Count(market.ledger().Balance(ledger::Stake(hex))));
  out->set_withdrawing_units(Count(market.ledger().Balance(ledger::Withdrawing(hex))));
  out->mutable_asset()->set_name(environment_.info.asset_name);
  out->mutable_asset()->set_decimals(environment_.info.asset_decimals);
}

void AccountServiceImpl::FinishWithAccount(const CallPtr& call, const market::Identity& owner,
                                           v1::Account* out) {
  const Status refused = environment_.engine.Query([this, call, owner, out](const market::Market& market) {
    FillAccount(market, owner, out);
    call->Finish(absl::OkStatus());
  });
  if (!refused.ok()) call->Finish(refused);
}

grpc::ServerUnaryReactor* AccountServiceImpl::GetAccount(grpc::CallbackServerContext* context,
                                                         const v1::GetAccountRequest* request,
                                                         v1::GetAccountResponse* response) {
  return Serve(environment_, context, get_account_, kEverybody, *request,
               [&](CallPtr call, const Caller& caller) {
                 const StatusOr<market::Identity> owner = OwnerOf(request->owner(), caller);
                 if (!owner.ok()) return call->Finish(owner.status());
                 QueryMarket(environment_, std::move(call), caller,
                             [this, owner = *owner, response](const market::Market& market) {
                               FillAccount(market, owner, response->mutable_account());
                               return absl::OkStatus();
                             });
               });
}

grpc::ServerUnaryReactor* AccountServiceImpl::ListTransfers(grpc::CallbackServerContext* context,
                                                            const v1::ListTransfersRequest* request,
                                                            v1::ListTransfersResponse* response) {
  return Serve(
      environment_, context, list_transfers_, kEverybody, *request, [&](CallPtr call, const Caller& caller) {
        const StatusOr<market::Identity> owner = OwnerOf(request->owner(), caller);
        if (!owner.ok()) return call->Finish(owner.status());
        uint64_t before = 0;
        if (!request->page_token().empty() &&
            (!absl::SimpleAtoi(request->page_token(), &before) || before == 0)) {
          return call->Finish(absl::InvalidArgumentError("ListTransfersRequest.page_token: not one of ours"));
        }
        const size_t count = request->page_size() == 0 ? kPageSizeDefault : request->page_size();
        RunOn(environment_.lookups, call, caller, [this, call, owner = *owner, before, count, response] {
          auto transfers = environment_.store.ReadTransfers(HexEncode(owner), before, count);
          if (!transfers.ok()) return call->Finish(transfers.status());
          for (const ledger::Transfer& transfer : *transfers) ToProto(transfer, response->add_transfers());
          if (transfers->size() == count) {
            response->set_next_page_token(absl::StrCat(transfers->back().id));
          }
          call->Finish(absl::OkStatus());
        });
      });
}

grpc::ServerUnaryReactor* AccountServiceImpl::Deposit(grpc::CallbackServerContext* context,
                                                      const v1::DepositRequest* request,
                                                      v1::DepositResponse* response) {
  return Serve(
      environment_, context, deposit_, kOperators, *request, [&](CallPtr call, const Caller& caller) {
        const market::Identity owner = IdentityOf(request->owner());
        OfferCommand<market::TransferAnswer>(
            environment_, call, caller, *request,
            market::Deposit{owner, Amount{request->amount_units()}, request->external_reference()},
            [this, call, owner, response](const market::TransferAnswer& answer, const engine::Answered&) {
              ToProto(answer.transfer, response->mutable_transfer());
              FinishWithAccount(call, owner, response->mutable_account());
              return false;
            });
      });
}

}  // namespace prooflode::api
