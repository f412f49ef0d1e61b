// Roles and privileges, by the API's identifiers (AuthorizationManager of vSphere 8).

/** The privileges that the product checks. */
const PRIVILEGES = [
  'System.Anonymous',
  'System.Read',
  'System.View',
  'Host.Config.Patch',
  'Host.Config.Maintenance',
  'Host.Config.Connection',
  'Host.Config.Storage',
  'Host.Inventory.EditCluster',
  'StorageProfile.View',
  'StorageProfile.Update',
  'StorageProfile.Apply',
  'VirtualMachine.Config.EditDevice',
  'VirtualMachine.Config.AddNewDisk',
  'VirtualMachine.Config.AddExistingDisk',
  'VirtualMachine.Config.RawDevice',
  'VirtualMachine.Config.RemoveDisk',
  'VirtualMachine.Config.DiskExtend',
  'VirtualMachine.Interact.PowerOn',
  'VirtualMachine.Interact.PowerOff',
  'VirtualMachine.Interact.Suspend',
  'VirtualMachine.Interact.Reset',
  'VirtualMachine.Interact.DeviceConnection',
  'VirtualMachine.Inventory.CreateFromExisting',
  'VirtualMachine.Inventory.Delete',
  'VirtualMachine.Provisioning.Clone',
  'VirtualMachine.Provisioning.CloneTemplate',
  'VirtualMachine.Provisioning.CreateTemplateFromVM',
  'VirtualMachine.Provisioning.DeployTemplate',
  'VirtualMachine.Provisioning.MarkAsTemplate',
  'VirtualMachine.Provisioning.MarkAsVM',
  'VirtualMachine.State.CreateSnapshot',
  'VirtualMachine.State.RemoveSnapshot',
  'VirtualMachine.State.RenameSnapshot',
  'VirtualMachine.State.RevertToSnapshot',
  'Resource.HotMigrate',
  'Resource.ColdMigrate',
  'Resource.QueryVMotion',
  'Resource.AssignVMToPool',
  'Resource.ApplyRecommendation',
  'Datastore.AllocateSpace',
  'Datastore.Browse',
  'Datastore.Delete',
  'Datastore.FileManagement',
  'Cryptographer.Access',
  'Cryptographer.Encrypt',
  'Cryptographer.Decrypt',
  'Cryptographer.Recrypt',
  'Cryptographer.ManageKeys',
  'Cryptographer.ManageKeyServers',
  'Host.Hbr.HbrManagement',
  'VirtualMachine.Hbr.ConfigureReplication',
  'VirtualMachine.Hbr.ReplicaManagement',
  'Global.CancelTask',
  'Authorization.ModifyPermissions',
] as const;
export type Privilege = (typeof PRIVILEGES)[number];

const READ_ONLY: Privilege[] = [
  'System.Anonymous',
  'System.Read',
  'System.View',
  'StorageProfile.View',
];

/** The roles that are there from the start; ids as in vSphere. */
export const ROLES: readonly {
  id: number;
  name: string;
  label: string;
  system: boolean;
  privileges: readonly Privilege[];
}[] = [
  { id: -1, name: 'Admin', label: 'Administrator', system: true, privileges: PRIVILEGES },
  { id: -2, name: 'ReadOnly', label: 'Read-only', system: true, privileges: READ_ONLY },
  {
    id: -6,
    name: 'NoCryptoAdmin',
    label: 'No cryptography administrator',
    system: true,
    privileges: PRIVILEGES.filter((privilege) => !privilege.startsWith('Cryptographer.')),
  },
  {
    id: 4,
    name: 'VirtualMachinePowerUser',
    label: 'Virtual machine power user',
    system: false,
    privileges: [
      ...READ_ONLY,
      'VirtualMachine.Config.EditDevice',
      'VirtualMachine.Config.AddNewDisk',
      'VirtualMachine.Config.AddExistingDisk',
      'VirtualMachine.Config.RawDevice',
      'VirtualMachine.Config.RemoveDisk',
      'VirtualMachine.Config.DiskExtend',
      'VirtualMachine.Interact.PowerOn',
      'VirtualMachine.Interact.PowerOff',
      'VirtualMachine.Interact.Suspend',
      'VirtualMachine.Interact.Reset',
      'VirtualMachine.Interact.DeviceConnection',
      'VirtualMachine.State.CreateSnapshot',
      'VirtualMachine.State.RemoveSnapshot',
      'VirtualMachine.State.RenameSnapshot',
      'VirtualMachine.State.RevertToSnapshot',
      'Datastore.AllocateSpace',
      'Datastore.Browse',
      'Global.CancelTask',
    ],
  },
];
