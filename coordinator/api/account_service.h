// AccountService: balances, transfers, deposits and withdrawals.
#pragma once

#include "coordinator/api/call.h"
#include "prooflode/v1/account_service.grpc.pb.h"

namespace prooflode::api {

class AccountServiceImpl final : public v1::AccountService::CallbackService {
 public:
  explicit AccountServiceImpl(Environment& environment);

  grpc::ServerUnaryReactor* GetAccount(grpc::CallbackServerContext* context,
                                       const v1::GetAccountRequest* request,
                                       v1::GetAccountResponse* response) override;
  grpc::ServerUnaryReactor* ListTransfers(grpc::CallbackServerContext* context,
                                          const v1::ListTransfersRequest* request,
                                          v1::ListTransfersResponse* response) override;
  grpc::ServerUnaryReactor* Deposit(grpc::CallbackServerContext* context, const v1::DepositRequest* request,
                                    v1::DepositResponse* response) override;
  grpc::ServerUnaryReactor* Withdraw(grpc::CallbackServerContext* context, const v1::WithdrawRequest* request,
                                     v1::WithdrawResponse* response) override;

 private:
  void FillAccount(const market::Market& market, const market::Identity& owner, v1::Account* out) const;
  // The end of a call that has moved money.
  void FinishWithAccount(const CallPtr& call, const market::Identity& owner, v1::Account* out);

  Environment& environment_;
  MethodMetrics get_account_;
  MethodMetrics list_transfers_;
  MethodMetrics deposit_;
  MethodMetrics withdraw_;
};

}  // namespace prooflode::api
