#include "tests/load/fleet.h"

#include <utility>

namespace prooflode::load {

StatusOr<std::unique_ptr<Fleet>> Fleet::Connect(const std::string& url, size_t count, uint32_t offers,
                                                OnOffer on_offer, Clock& clock, Random& random) {
  std::unique_ptr<Fleet> fleet(new Fleet());
  for (size_t i = 0; i < count; ++i) {
    Digest seed;
    random.Fill(seed);
    LoadMiner miner;
    miner.key = std::make_unique<SigningKey>(SigningKey::FromSeed(seed));
    client::ConnectionOptions options;
    options.channel.url = url;
    options.role = v1::ROLE_MINER;
    PL_ASSIGN_OR_RETURN(miner.connection, client::Connection::Create(options, *miner.key, clock, random));
    miner.calls = v1::MinerService::NewStub(miner.connection->channel());
    v1::SessionRequest::Hello hello;
    hello.set_version("0.1.0");
    hello.set_protocol_version(1);
    hello.add_proof_systems(v1::PROOF_SYSTEM_GROTH16_BN254);
    hello.set_domain_size_max(uint64_t{1} << 28);
    client::SessionStream::Callbacks callbacks;
    callbacks.on_message = [on_offer](const v1::SessionResponse& message) {
      if (message.has_offer()) on_offer(message.offer());
    };
    callbacks.on_end = [lost = &fleet->lost_](const Status&) { ++*lost; };
    PL_ASSIGN_OR_RETURN(miner.session,
                        client::SessionStream::Open(*miner.connection, hello, std::move(callbacks)));
    miner.session->GrantCredit(offers);
    fleet->miners_.push_back(std::move(miner));
  }
  return fleet;
}

void RunWindowed(size_t count, size_t window,
                 const std::function<void(size_t index, std::function<void()> done)>& call) {
  Mutex mutex;
  CondVar changed;
  size_t out = 0;
  for (size_t i = 0; i < count; ++i) {
    {
      MutexLock lock(mutex);
      while (out >= window) changed.Wait(mutex);
      ++out;
    }
    call(i, [&] {
      MutexLock lock(mutex);
      --out;
      changed.NotifyAll();
    });
  }
  MutexLock lock(mutex);
  while (out > 0) changed.Wait(mutex);
}

}  // namespace prooflode::load
