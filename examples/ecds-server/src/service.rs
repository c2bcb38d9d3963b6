//! The gRPC service: one conversation with each filter of each Envoy.

use envoy_types::pb::envoy::service::discovery::v3::{
    DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse,
};
use envoy_types::pb::envoy::service::extension::v3::extension_config_discovery_service_server::ExtensionConfigDiscoveryService;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::watch::Filters;

const TYPE: &str = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";

/// Serves what `filters` holds.
pub(crate) struct Service {
    filters: watch::Receiver<Filters>,
}

impl Service {
    pub(crate) fn new(filters: watch::Receiver<Filters>) -> Self {
        Self { filters }
    }
}

#[tonic::async_trait]
impl ExtensionConfigDiscoveryService for Service {
    type StreamExtensionConfigsStream = ReceiverStream<Result<DiscoveryResponse, Status>>;
    type DeltaExtensionConfigsStream = ReceiverStream<Result<DeltaDiscoveryResponse, Status>>;

    async fn stream_extension_configs(
        &self,
        request: Request<Streaming<DiscoveryRequest>>,
    ) -> Result<Response<Self::StreamExtensionConfigsStream>, Status> {
        let (sender, receiver) = mpsc::channel(1);
        let mut conversation = Conversation {
            filters: self.filters.clone(),
            sender,
            wanted: String::new(),
            sent: None,
            nonce: 0,
        };
        let mut requests = request.into_inner();
        tokio::spawn(async move {
            // It ends when Envoy goes away; there is nobody to tell.
            while conversation.step(&mut requests).await.is_some() {}
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn delta_extension_configs(
        &self,
        _: Request<Streaming<DeltaDiscoveryRequest>>,
    ) -> Result<Response<Self::DeltaExtensionConfigsStream>, Status> {
        Err(Status::unimplemented("use api_type: GRPC"))
    }

    async fn fetch_extension_configs(
        &self,
        _: Request<DiscoveryRequest>,
    ) -> Result<Response<DiscoveryResponse>, Status> {
        Err(Status::unimplemented("use api_type: GRPC"))
    }
}

struct Conversation {
    filters: watch::Receiver<Filters>,
    sender: mpsc::Sender<Result<DiscoveryResponse, Status>>,
    /// The filter's name.
    wanted: String,
    /// What Envoy was sent last.
    sent: Option<DiscoveryResponse>,
    nonce: u64,
}

impl Conversation {
    /// Waits for what comes first: Envoy says something, or a file has changed. `None`: it is over.
    async fn step(&mut self, requests: &mut Streaming<DiscoveryRequest>) -> Option<()> {
        tokio::select! {
            request = requests.message() => self.heard(request.ok()??),
            changed = self.filters.changed() => changed.ok()?,
        }
        self.send().await
    }

    /// The first request names the filter; each later one says what became of a response.
    fn heard(&mut self, request: DiscoveryRequest) {
        if let Some(name) = request.resource_names.into_iter().next() {
            self.wanted = name;
        }
        let answered = |sent: &&DiscoveryResponse| sent.nonce == request.response_nonce;
        let Some(sent) = self.sent.as_ref().filter(answered) else {
            return;
        };
        let (name, version) = (&self.wanted, &sent.version_info);
        match request.error_detail {
            None => println!("{name}: version {version} accepted"),
            Some(status) => println!("{name}: version {version} refused: {}", status.message),
        }
    }

    /// Sends the filter, unless Envoy has been sent it.
    async fn send(&mut self) -> Option<()> {
        let filters = self.filters.borrow_and_update().clone();
        let Some(filter) = filters.get(&self.wanted) else {
            return Some(());
        };
        let sent = self.sent.as_ref();
        if sent.is_some_and(|sent| {
            sent.version_info == filter.version && sent.resources == filter.resources
        }) {
            return Some(());
        }
        self.nonce += 1;
        let response = DiscoveryResponse {
            version_info: filter.version.clone(),
            resources: filter.resources.clone(),
            type_url: TYPE.to_owned(),
            nonce: self.nonce.to_string(),
            ..DiscoveryResponse::default()
        };
        self.sent = Some(response.clone());
        self.sender.send(Ok(response)).await.ok()
    }
}
